"""Measures one target: the bare insert, the transactions of a relay, and a whole relay with its client."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from benchmarks.relay.bare import BARE
from benchmarks.relay.server import CHANNEL
from pybayeux import AsyncClient
from pybayeux_relay import Record, Relay, open_target
from pybayeux_replay import Position, TransactionalStore
from tests.servers.postgresql import PostgresEngine
from tests.servers.process import Child
from tests.servers.redis_engine import RedisEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pybayeux_relay import Target

__all__ = ("Cost", "Figures", "measure")

_PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What it takes to write all records.

    Attributes:
        seconds: By the clock.
        processor: Processor seconds of this process, without those of the database and the server.
    """

    seconds: float
    processor: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians for one target.

    Attributes:
        bare: The bare bulk insert.
        transactions: The same records in the transactions of a relay, with the position in each.
        relay: The whole relay: events come from a server, and are written.
    """

    bare: Cost
    transactions: Cost
    relay: Cost


def measure(kind: str, events: int, batch: int, rounds: int) -> Figures:
    """Measure a target.

    Args:
        kind: ``sqlite``, ``postgresql`` or ``redis``.
        events: How many events are written.
        batch: How many in each transaction.
        rounds: How often each thing is measured, in turn.

    Raises:
        MissingTool: The database is not installed.
    """
    records = [
        Record(CHANNEL, number, None, datetime.now(UTC), None, f'{{"number":{number},"text":"{"x" * 200}"}}')
        for number in range(events)
    ]
    found: dict[str, list[Cost]] = {"bare": [], "transactions": [], "relay": []}
    # Once beforehand: what is imported at the first use is no cost of an event.
    with _database(kind) as url:
        asyncio.run(_transactions(url, records[:batch], batch))
    with _database(kind) as url:
        asyncio.run(_relay(url, 1, batch))
    for _ in range(rounds):
        with _database(kind) as url:
            found["bare"].append(asyncio.run(_bare(kind, url, records, batch)))
        with _database(kind) as url:
            found["transactions"].append(asyncio.run(_transactions(url, records, batch)))
        with _database(kind) as url:
            found["relay"].append(asyncio.run(_relay(url, events, batch)))
    return Figures(**{name: _median(costs) for name, costs in found.items()})


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(each.seconds for each in costs), statistics.median(each.processor for each in costs))


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """A database without data; yields its URL."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="pybayeux-relay-") as folder:
            yield f"sqlite:///{folder}/orders.db"
        return
    engine = (PostgresEngine if kind == "postgresql" else RedisEngine)().start()
    try:
        yield engine.url
    finally:
        engine.close()


@contextmanager
def _measured(costs: list[Cost]) -> Iterator[None]:
    seconds, processor = time.perf_counter(), time.process_time()
    yield
    costs.append(Cost(time.perf_counter() - seconds, time.process_time() - processor))


async def _bare(kind: str, url: str, records: Sequence[Record], batch: int) -> Cost:
    costs: list[Cost] = []
    async with _Opened(url):
        pass  # the table is that of the relay
    with _measured(costs):
        BARE[kind](url, records, batch)
    return costs[0]


async def _transactions(url: str, records: Sequence[Record], batch: int) -> Cost:
    costs: list[Cost] = []
    async with _Opened(url) as target:
        store = target.store
        assert isinstance(store, TransactionalStore)
        with _measured(costs):
            for start in range(0, len(records), batch):
                chosen = records[start : start + batch]
                positions = {CHANNEL: Position(start + len(chosen), datetime.now(UTC))}
                async with store.transaction("relay", positions) as transaction:
                    await target.write(transaction, chosen)
    return costs[0]


async def _relay(url: str, events: int, batch: int) -> Cost:
    costs: list[Cost] = []
    server = Child([sys.executable, "-m", "benchmarks.relay.server", str(events)])
    try:
        address = server.read_line(_PATIENCE)
        async with _Opened(url) as target:
            relay = Relay(target, batch=batch)
            with _measured(costs):
                async with AsyncClient(address, discover=False, extensions=[relay.replay]) as client:
                    running = asyncio.create_task(relay.run(client, [CHANNEL]))
                    while relay.progress.events < events and not running.done():  # noqa: ASYNC110 - it tells nobody
                        await asyncio.sleep(0.01)
                    if running.done():
                        await running  # which raises its error
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
    finally:
        server.stop()
    return costs[0]


class _Opened(AsyncExitStack):
    """A target whose table is there."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url: Final = url

    async def __aenter__(self) -> Target:  # type: ignore[override]
        target = open_target(f"{self._url}/orders")
        self.push_async_callback(target.aclose)
        await target.prepare()
        return target
