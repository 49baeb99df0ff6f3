"""One long run: numbered events at a steady rate, a fault every few seconds, and what the process holds.

Owns the order of the steps. The clients are counted twice: connected and quiet, before and after all the faults; and
the whole process, before they were made and after they were closed. Each fault happens once before the first count, so
that what is made at the first failure, such as a pool of threads, is no growth.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from pybayeux import ConnectionState
from tests.soak.longrun.arrivals import Arrivals
from tests.soak.longrun.target import CHANNEL
from tests.support.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pybayeux import AsyncClient, Message
    from tests.soak.longrun.target import Target
    from tests.support.inventory import Inventory

__all__ = ("MEMORY_MARGIN", "LongRun", "Outcome")

MEMORY_MARGIN: Final = 8 << 20
"""Bytes by which the resident memory may grow: the allocator keeps what it once had."""

_SOCKET_MARGIN: Final = 3
"""Sockets that may be more while the clients are connected: a pool keeps one connection or two, and the proxy, which is
in this process as well, has two sockets for each."""

_OBJECT_MARGIN: Final = 20
"""Objects of one class that may be more: a request may be under way at the second count and not at the first."""

_RATE: Final = 20.0
"""Events a second."""

_RECOVERY_LIMIT: Final = 60.0
_TICK: Final = 0.05
_WORKERS: Final = 4


class NotRecovered(Exception):
    """A client received nothing for a minute after a fault."""


@dataclass(slots=True)
class Outcome:
    """What came of a long run.

    Attributes:
        published: How many events were published.
        arrivals: What each client has handled.
        recoveries: Seconds from each fault until every client had an event that was published after it, by fault.
        before: What the process held before the clients were made.
        first: What it held when they were connected, after each fault had happened once.
        last: The same after all the faults.
        closed: What it held after the clients were closed.
        problems: What must not be.
    """

    published: int = 0
    arrivals: dict[str, Arrivals] = field(default_factory=dict)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    before: Inventory | None = None
    first: Inventory | None = None
    last: Inventory | None = None
    closed: Inventory | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many faults have happened."""
        return sum(map(len, self.recoveries.values()))

    @property
    def slowest(self) -> tuple[float, str]:
        """The slowest recovery in seconds, and the fault that it followed."""
        return max((max(each), fault) for fault, each in self.recoveries.items())

    @property
    def typical(self) -> float:
        """The median of the recoveries in seconds."""
        return median(self._all) if self._all else 0.0

    @property
    def _all(self) -> list[float]:
        return [seconds for each in self.recoveries.values() for seconds in each]


class LongRun:
    """Runs once.

    Args:
        target: The server.
        seed: Determines the order of the faults.
        interval: Seconds from a recovery to the next fault.
        quiet: Seconds that connections and threads may take to go before the counts.
        on_progress: Called after each fault with its name, and the seconds of the recovery.
    """

    def __init__(
        self,
        target: Target,
        *,
        seed: int = 0,
        interval: float = 2.0,
        quiet: float = 20.0,
        on_progress: Callable[[str, float], object] = lambda fault, seconds: None,
    ) -> None:
        self.outcome: Final = Outcome()
        self._target: Final = target
        self._random: Final = Random(seed)
        self._interval: Final = interval
        self._quiet_limit: Final = quiet
        self._on_progress: Final = on_progress
        self._control: Final = ThreadPoolExecutor(1, "control")
        self._publishes = True

    async def run(self, seconds: float) -> Outcome:
        """Run.

        Args:
            seconds: How long faults happen, after each has happened once.

        Raises:
            NotRecovered: A client did not recover from a fault.
        """
        outcome = self.outcome
        await self._warm_up()
        outcome.before = take_inventory()
        async with self._clients() as clients, self._publisher():
            for fault in self._target.faults:
                await self._happen(fault)
            outcome.first = await self._quiet(clients)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(self._interval)
                await self._happen(self._random.choice(list(self._target.faults)))
            outcome.last = await self._quiet(clients, outcome.first)
        outcome.closed = await self._settled(outcome.before)
        self._control.shutdown()
        self._judge()
        return outcome

    async def _warm_up(self) -> None:
        """Have made what a process makes once: worker threads, what is known of installed extensions."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_WORKERS))
        await asyncio.gather(*(asyncio.to_thread(time.sleep, _TICK) for _ in range(_WORKERS)))
        async with self._clients():
            pass

    @asynccontextmanager
    async def _clients(self) -> AsyncIterator[list[AsyncClient]]:
        clients: list[AsyncClient] = []
        try:
            for name, client in (await self._call(self._target.clients)).items():
                clients.append(client)
                self.outcome.arrivals[name] = arrivals = Arrivals()
                await client.start(timeout=_RECOVERY_LIMIT)
                await client.subscribe(CHANNEL, self._handler(arrivals))
            del client
            yield clients
        finally:
            while clients:  # and no name here has them any more, or they would be counted as left behind
                await clients.pop().close()

    def _handler(self, arrivals: Arrivals) -> Callable[[Message], None]:
        return lambda event: arrivals.add(self._target.number_of(event.data))

    @asynccontextmanager
    async def _publisher(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._publish())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def _publish(self) -> None:
        while True:
            if self._publishes:
                with suppress(OSError):  # the server is down
                    await self._call(self._target.publish, self.outcome.published)
                    self.outcome.published += 1
            await asyncio.sleep(1 / _RATE)

    async def _happen(self, fault: str) -> None:
        began = time.monotonic()
        await self._call(self._target.faults[fault])
        published = self.outcome.published
        while any(arrivals.newest < published for arrivals in self.outcome.arrivals.values()):
            if time.monotonic() - began > _RECOVERY_LIMIT:
                raise NotRecovered(f"no client may need {_RECOVERY_LIMIT:g} s to recover from: {fault}")
            await asyncio.sleep(_TICK)
        took = time.monotonic() - began
        self.outcome.recoveries.setdefault(fault, []).append(took)
        self._on_progress(fault, took)

    async def _quiet(self, clients: list[AsyncClient], earlier: Inventory | None = None) -> Inventory:
        self._publishes = False
        for client in clients:
            await client.wait_for(ConnectionState.CONNECTED, _RECOVERY_LIMIT)
        inventory = await self._settled(earlier)
        self._publishes = True
        return inventory

    async def _settled(self, earlier: Inventory | None) -> Inventory:
        """What is held once connections that are about to close are closed."""
        until = time.monotonic() + self._quiet_limit
        if earlier is None:
            await asyncio.sleep(self._quiet_limit / 2)  # idle connections are closed after five seconds
        inventory = take_inventory()
        while earlier is not None and inventory.grown_since(earlier) and time.monotonic() < until:
            await asyncio.sleep(10 * _TICK)
            inventory = take_inventory()
        return inventory

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._control, function, *arguments)

    def _judge(self) -> None:
        outcome = self.outcome
        assert outcome.before is not None
        assert outcome.first is not None
        assert outcome.last is not None
        assert outcome.closed is not None
        grown = outcome.last.grown_since(
            outcome.first, memory=MEMORY_MARGIN, sockets=_SOCKET_MARGIN, objects=_OBJECT_MARGIN
        )
        outcome.problems += [f"grown while connected: {name} {figures}" for name, figures in grown.items()]
        left = outcome.closed.grown_since(outcome.before)
        outcome.problems += [f"left after the end: {name} {figures}" for name, figures in left.items()]
        if self._target.loses_nothing:
            for name, arrivals in outcome.arrivals.items():
                if arrivals.handled < outcome.published or arrivals.twice or arrivals.disordered:
                    outcome.problems.append(f"{name}: events were lost, handled twice or out of order")
