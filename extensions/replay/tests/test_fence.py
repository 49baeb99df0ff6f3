"""Several consumers of one name on one store: nothing takes effect twice, and the conflict is reported.

In real time: the database works in threads of its own, which the virtual clock does not know.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from extensions.replay.tests.outages import outage
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux.errors import ConsumerConflictError
from pybayeux_replay import (
    FencedStore,
    FencedTransactionalStore,
    MemoryStore,
    Position,
    PositionConflictError,
    Replay,
    Store,
)
from pybayeux_replay.file import FileStore
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.sqlite import SqliteStore
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from pybayeux import Message

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = 60


class Replica:
    """One consumer of the name ``billing`` that books each order in a transaction, until a conflict or the last order.

    Args:
        server: The server.
        file: The database, which is the store.
        last: The number of the last order.

    Attributes:
        booked: The orders that it booked.
        conflict: The error that stopped it, or None.
        has_subscribed: Set when it has.
        has_booked: By number, set when that order is booked.
    """

    def __init__(self, server: ReplayingServer, file: Path, last: int = EVENTS - 1) -> None:
        self.booked: list[int] = []
        self.conflict: PositionConflictError | None = None
        self.has_subscribed = asyncio.Event()
        self.has_booked: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._server = server
        self._file = file
        self._last = last

    async def run(self) -> None:
        replay = Replay(f"sqlite:///{self._file}", since="earliest", consumer="billing")
        try:
            async with (
                client_of(self._server, replay) as client,
                client.subscribe("/orders", ack="manual") as events,
            ):
                self.has_subscribed.set()
                async for event in events:
                    await self._book(event)
                    if self.booked[-1] == self._last:
                        break
        except PositionConflictError as error:
            self.conflict = error

    async def _book(self, event: Message) -> None:
        number = event.data["number"]
        async with event.transaction() as transaction:
            await transaction.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
        self.booked.append(number)
        self.has_booked[number].set()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE orders (number INTEGER)")
    return path


def _booked(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as database:
        return [number for (number,) in database.execute("SELECT number FROM orders ORDER BY rowid")]


@in_loop
async def test_of_three_replicas_of_one_name_one_books_each_event_once_and_the_others_stop(file: Path) -> None:
    server = ReplayingServer()
    server.publish("/orders", *range(EVENTS))
    replicas = [Replica(server, file) for _ in range(3)]
    await asyncio.gather(*(each.run() for each in replicas))
    assert _booked(file) == list(range(EVENTS))
    stopped = [each for each in replicas if each.conflict is not None]
    assert len(stopped) == 2
    for each in stopped:
        assert isinstance(each.conflict, ConsumerConflictError)
        assert (each.conflict.consumer, each.conflict.subscription) == ("billing", "/orders")
        assert "another consumer named 'billing' is at work: the store has position" in str(each.conflict)
        assert "for /orders, and this consumer read or stored " in str(each.conflict)
        assert "option consumer" in str(each.conflict)
    # A replica that has stopped leaves the position alone: the next run begins after the last event.
    late = Replica(server, file, last=EVENTS)
    server.publish("/orders", EVENTS)
    await late.run()
    assert _booked(file) == list(range(EVENTS + 1))


@in_loop
async def test_in_a_rolling_update_the_first_to_go_on_stops_the_other(file: Path) -> None:
    server = ReplayingServer()
    server.publish("/orders", 0, 1)
    old = Replica(server, file, last=3)
    running = asyncio.create_task(old.run())
    await old.has_booked[1].wait()
    new = Replica(server, file, last=3)
    starting = asyncio.create_task(new.run())
    await new.has_subscribed.wait()
    server.publish("/orders", 2, 3)
    await asyncio.gather(running, starting)
    assert _booked(file) == [0, 1, 2, 3]
    assert sum(each.conflict is not None for each in (old, new)) == 1


@in_loop
async def test_a_subscription_after_a_conflict_begins_at_the_stored_position(file: Path) -> None:
    server = ReplayingServer()
    server.publish("/orders", 0, 1, 2)
    replay = Replay(f"sqlite:///{file}", since="earliest", consumer="billing")
    async with client_of(server, replay) as client:
        with pytest.raises(PositionConflictError):
            async with client.subscribe("/orders", ack="manual") as events:
                event = await anext(events)
                await Replica(server, file, last=1).run()
                async with event.transaction():
                    raise AssertionError("not entered")
        async with client.subscribe("/orders", ack="manual") as events:
            event = await anext(events)
            assert event.data["number"] == 2
            async with event.transaction():
                pass


# -- the writer


class PlainTransactions(MemoryStore):
    """A store of a third party from before there were fences."""

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[None]:
        yield
        self.set(consumer, positions)


def _writer(store: Store, now: Callable[[], datetime] = lambda: NOW) -> PositionWriter:
    return PositionWriter(lambda: store, "billing", now, outage())


def _begun(store: Store) -> PositionWriter:
    writer = _writer(store)
    writer.get("/orders")
    return writer


@in_loop
async def test_a_store_without_a_fence_is_read_before_the_transaction() -> None:
    store = PlainTransactions()
    first, second = _begun(store), _begun(store)
    async with first.transaction(store, "/orders", PendingPosition(1)):
        pass
    async with first.transaction(store, "/orders", PendingPosition(2)):
        pass
    with pytest.raises(PositionConflictError, match=r"has position 2 for /orders.*read or stored no position last"):
        async with second.transaction(store, "/orders", PendingPosition(1)):
            raise AssertionError("not entered")


def _store(kind: str, folder: Path) -> Any:
    return {
        "memory": MemoryStore(),
        "file": FileStore(folder / "positions.json"),
        "sqlite": SqliteStore(folder / "positions.db"),
    }[kind]


every_store = pytest.mark.parametrize("kind", ["memory", "file", "sqlite"])


@every_store
def test_a_newer_position_of_another_consumer_stays_and_is_reported_once(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @in_loop
    async def scenario() -> None:
        store, times = _store(kind, tmp_path), [NOW]
        old, new = _writer(store, lambda: times[-1]), _begun(store)
        old.get("/orders")
        new.put("/orders", PendingPosition(30))
        await new.close()
        for replay_id in (10, 20):
            old.put("/orders", PendingPosition(replay_id))
            await _written(old)
            assert store.get("billing", "/orders").replay_id == 30
        assert len(caplog.records) == 1
        times.append(NOW + timedelta(hours=1))
        old.put("/orders", PendingPosition(40))
        await _written(old)
        assert store.get("billing", "/orders").replay_id == 40
        assert len(caplog.records) == 2
        old.put("/orders", PendingPosition(50))
        await old.close()
        assert store.get("billing", "/orders").replay_id == 50
        assert len(caplog.records) == 2
        store.close()

    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        scenario()
    assert caplog.messages[0].startswith(
        "another consumer named 'billing' is at work: the store has position 30 for /orders, and this consumer read or "
        "stored no position last"
    )


async def _written(writer: PositionWriter) -> None:
    await asyncio.sleep(0)
    await writer._commit_ended()


@every_store
def test_one_consumer_alone_may_move_its_position_back(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @in_loop
    async def scenario() -> None:
        store = _store(kind, tmp_path)
        store.set("billing", {"/orders": 70, "/cases": 80})
        writer = _begun(store)
        for replay_id in (90, 5):  # as after a migration of the server
            writer.put("/orders", PendingPosition(replay_id))
            writer.put("/cases", PendingPosition(replay_id))  # never read: nothing is known of it
            await _written(writer)
            assert {name: each.replay_id for name, each in store.items("billing").items()} == {
                "/orders": replay_id,
                "/cases": replay_id,
            }
        await writer.close()
        store.close()

    scenario()
    assert caplog.records == []


def test_which_stores_have_a_fence(tmp_path: Path) -> None:
    assert isinstance(_store("sqlite", tmp_path), FencedTransactionalStore)
    assert isinstance(_store("file", tmp_path), FencedStore)
    assert not isinstance(_store("memory", tmp_path), FencedStore)


def test_a_commit_of_any_size_sees_the_positions_of_its_subscriptions(tmp_path: Path) -> None:
    store, seen = SqliteStore(tmp_path / "positions.db"), list[int]()
    many = {f"/orders/{number}": Position(number, NOW) for number in range(40_000)}
    some = {name: many[name] for name in list(many)[:30]}

    def counting(chosen: Mapping[str, Position]) -> Callable[[Mapping[str, Position]], Mapping[str, Position]]:
        def fence(stored: Mapping[str, Position]) -> Mapping[str, Position]:
            seen.append(len(stored))
            return chosen

        return fence

    for positions in (many, many, some, {"/orders/7": Position(8, NOW)}):
        store.fenced_set("billing", positions, counting(positions))
    store.close()
    assert seen == [0, 40_000, 30, 1]


def test_places_are_compared_within_one_numbering() -> None:
    plain, one, other = Position(7, NOW), Position(7, NOW, org="00D1"), Position(7, NOW, org="00D2")
    assert plain.is_same_place(one)
    assert not one.is_same_place(other)
    assert Position(8, NOW).is_after(one)
    assert not Position(8, NOW, org="00D2").is_after(one)
