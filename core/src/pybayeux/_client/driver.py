"""Runs a session in real time: the only tasks and timers of a connection are here."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from ..errors import ExchangeTimeoutError
from ..state import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..errors import BayeuxError
    from ..session import Exchange, Session

__all__ = ("Driver",)

_TICK: Final = 5.0
"""Seconds between looks at the clock."""
_ASLEEP: Final = 10.0
"""Seconds that the time of day has to jump by to count as the machine's sleep, and not as a clock set right."""


class Driver:
    """Does what the session says, when it says so, until it has ended.

    Args:
        session: What decides.
        carry: Takes one exchange to the server and back; it reports to the session by itself.
        give_up: Tells the session that an exchange failed.
        late: Asked for more seconds before an exchange is given up for lack of an answer.
        noticed: Called after every step, to look at the session's notices.
        wall_clock: The time of day in seconds, which goes on while the machine sleeps.
    """

    def __init__(
        self,
        session: Session,
        *,
        carry: Callable[[Exchange], Awaitable[None]],
        give_up: Callable[[Exchange, BayeuxError], Awaitable[None]],
        late: Callable[[Exchange], float],
        noticed: Callable[[], None],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._session: Final = session
        self._carry: Final = carry
        self._give_up: Final = give_up
        self._late: Final = late
        self._noticed: Final = noticed
        self._wall_clock: Final = wall_clock
        self._drift = 0.0
        self._under_way: dict[Exchange, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the session must have been started."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="pybayeux-driver")

    @property
    def running(self) -> bool:
        """Whether the session is still being run."""
        return self._task is not None and not self._task.done()

    def poke(self) -> None:
        """Something has changed: ask the session again, after what else happens in this turn of the loop."""
        self._wake.set()

    async def ended(self) -> None:
        """Wait until the session has ended and nothing is under way."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._drift = self._wall_clock() - loop.time()
        try:
            while True:
                self._wake.clear()
                self._look_at_the_clock(loop.time())
                wake_at = self._step(loop.time())
                if self._session.state is ConnectionState.DISCONNECTED:
                    break
                await self._sleep(wake_at)
        finally:
            await self._clear_away()

    def _look_at_the_clock(self, now: float) -> None:
        """Notice that the machine has slept: connections are dead then, and nobody would be told for a long time."""
        before, self._drift = self._drift, self._wall_clock() - now
        if (slept := self._drift - before) > _ASLEEP:
            self._session.slept(slept, now)

    def _step(self, now: float) -> float | None:
        step = self._session.step(now)
        for exchange in step.expired:
            if (more := self._late(exchange)) > 0:
                self._session.extend(exchange, now + more)
                self.poke()
                continue
            self._stop(exchange)
            late = ExchangeTimeoutError(f"no answer to {exchange.kind.value} in time")
            self._start(exchange, self._give_up(exchange, late))
        for exchange in step.abandon:
            self._stop(exchange)
        for exchange in step.start:
            self._start(exchange, self._carry(exchange))
        self._noticed()
        return step.wake_at

    def _start(self, exchange: Exchange, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way[exchange] = task
        task.add_done_callback(lambda _: self._done(exchange, task))

    def _done(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        if self._under_way.get(exchange) is task:
            del self._under_way[exchange]
        self.poke()

    def _stop(self, exchange: Exchange) -> None:
        task = self._under_way.get(exchange)
        if task is not None:
            task.cancel()

    async def _sleep(self, wake_at: float | None) -> None:
        loop = asyncio.get_running_loop()
        look_at = loop.time() + _TICK
        timer = loop.call_at(look_at if wake_at is None else min(wake_at, look_at), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    async def _clear_away(self) -> None:
        left = list(self._under_way.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
