"""Events that are handled in a transaction of the store.

In real time: the database works in threads of its own, which the virtual clock does not know.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux.errors import UsageError
from pybayeux_replay import Replay
from pybayeux_replay.sqlite import SqliteStore
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path


def _booked(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as database:
        return [number for (number,) in database.execute("SELECT number FROM orders ORDER BY rowid")]


@in_loop
async def test_an_exception_rolls_back_the_effect_and_the_position(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    server = ReplayingServer()
    server.publish("/orders", 0, 1, 2)
    booked: list[int] = []
    for is_failing in (True, False):
        replay = Replay(f"sqlite:///{file}", since="earliest")
        async with client_of(server, replay) as client:
            try:
                async with client.subscribe("/orders", ack="manual") as events:
                    async for event in events:
                        async with event.transaction() as transaction:
                            await transaction.execute(text("CREATE TABLE IF NOT EXISTS orders (number INTEGER)"))
                            number = event.data["number"]
                            await transaction.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
                            if is_failing and number == 1:
                                raise ZeroDivisionError
                        booked.append(number)
                        if number == 2:
                            break
            except ZeroDivisionError:
                assert is_failing
    assert booked == [0, 1, 2]
    assert _booked(file) == [0, 1, 2]
    assert server.asked == [{"/orders": -2}, {"/orders": 10}]


@in_loop
async def test_positions_of_transactions_are_not_written_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "orders.db"
    written: list[object] = []
    server = ReplayingServer()
    async with client_of(server, Replay(str(file), since="earliest")) as client:
        events = await client.subscribe("/orders", ack="manual")
        monkeypatch.setattr(SqliteStore, "fenced_set", lambda *arguments: written.append(arguments))
        server.publish("/orders", 0, 1)
        for _ in range(2):
            async with (await anext(events)).transaction():
                pass
    assert written == []  # not at the end either, which stores what is not stored yet


@in_loop
async def test_events_have_to_be_handled_in_order(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    server = ReplayingServer()
    async with client_of(server, Replay(str(file), since="earliest")) as client:
        events = await client.subscribe("/orders", ack="manual")
        server.publish("/orders", 0, 1)
        first, second = await anext(events), await anext(events)
        with pytest.raises(UsageError, match="before this one are not handled yet"):
            async with second.transaction():
                raise AssertionError("not entered")
        for each in (first, second):
            async with each.transaction():
                pass


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"store": "memory"}, "MemoryStore has no transactions; choose store='sqlite:///positions.db'"),
        ({"store": "positions.json"}, "FileStore has no transactions"),
    ],
)
def test_exactly_once_is_an_error_where_it_is_not_possible(
    options: dict[str, str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @in_loop
    async def scenario() -> None:
        server = ReplayingServer()
        async with client_of(server, Replay(since="earliest", **options)) as client:  # type: ignore[arg-type]
            events = await client.subscribe("/orders", ack="manual")
            server.publish("/orders", 0)
            with pytest.raises(UsageError, match=complaint):
                async with (await anext(events)).transaction():
                    raise AssertionError("not entered")

    monkeypatch.chdir(tmp_path)
    scenario()


@in_loop
async def test_an_event_without_an_id_or_with_two_subscriptions_has_no_transaction(
    tmp_path: Path,
) -> None:
    file = tmp_path / "orders.db"
    server = ReplayingServer()
    async with client_of(server, Replay(str(file), since="earliest")) as client:
        plain, wide = await client.subscribe("/orders/a", ack="manual"), await client.subscribe("/orders/*")
        server.push("/orders/a", {"number": 1})
        with pytest.raises(UsageError, match="has no replay id"):
            async with (await anext(plain)).transaction():
                raise AssertionError("not entered")
        server.publish("/orders/a", 2)
        with pytest.raises(UsageError, match="belong to /orders/a and /orders/\\*; subscribe to one of them"):
            async with (await anext(plain)).transaction():
                raise AssertionError("not entered")
        assert wide.pending == 2


@in_loop
async def test_several_events_are_handled_in_one_transaction(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    server = ReplayingServer()
    async with client_of(server, Replay(str(file), since="earliest")) as client:
        events = await client.subscribe("/orders", ack="manual")
        server.publish("/orders", *range(5))
        first, second, third, fourth, last = [await anext(events) for _ in range(5)]
        for wrong in ([third], [first, third], [second, first, third]):
            *earlier, event = wrong
            with pytest.raises(UsageError, match="before this one are not handled yet"):
                async with event.transaction(earlier=earlier):
                    raise AssertionError("not entered")
        with pytest.raises(ZeroDivisionError):
            async with third.transaction(earlier=[first, second]):
                raise ZeroDivisionError
        assert _stored(file) is None
        async with third.transaction(earlier=[first, second]):
            assert _stored(file) is None
        assert _stored(file) == 30
        await fourth.ack()
        async with last.transaction():
            pass
    assert _stored(file) == 50


def _stored(file: Path) -> int | None:
    store = SqliteStore(file)
    position = store.get("default", "/orders")
    store.close()
    return None if position is None else position.replay_id


@in_loop
async def test_no_position_is_stored_within_events_that_share_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    server = ReplayingServer()
    async with client_of(server, Replay(str(tmp_path / "orders.db"), since="earliest")) as client:
        events = await client.subscribe("/orders", ack="manual")
        monkeypatch.setattr(SqliteStore, "fenced_set", lambda *arguments: written.append(arguments))
        server.publish("/orders", *range(4))
        for _ in range(2):
            first, second = await anext(events), await anext(events)
            async with second.transaction(earlier=[first]):
                pass
            await asyncio.sleep(0)
    assert written == []


@in_loop
async def test_the_receiver_may_be_gone_when_the_transaction_ends(tmp_path: Path) -> None:
    server = ReplayingServer()
    async with client_of(server, Replay(str(tmp_path / "orders.db"), since="earliest")) as client:
        events = await client.subscribe("/orders", ack="manual")
        server.publish("/orders", 0, 1)
        async with (await anext(events)).transaction():
            await events.unsubscribe()
        events = await client.subscribe("/orders", ack="manual")
        assert (await anext(events)).data["number"] == 1


@in_loop
async def test_a_transaction_of_the_server_is_handled_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    server = ReplayingServer()
    async with client_of(server, Replay(str(file), since="earliest", commit="transaction")) as client:
        events = await client.subscribe("/orders", ack="manual")
        server.publish("/orders", 0, 1, transaction="a")
        server.publish("/orders", 2, 3, transaction="b")
        first, second, third, fourth = [await anext(events) for _ in range(4)]
        with pytest.raises(UsageError, match="commit='transaction'"):
            async with first.transaction():
                raise AssertionError("not entered")
        async with second.transaction(earlier=[first]):
            pass
        assert _stored(file) == 20
        async with fourth.transaction(earlier=[third]):  # no further event has come
            pass
        assert _stored(file) == 40
        server.publish("/orders", 4, transaction="c")
        async with (await anext(events)).transaction():
            pass
        assert _stored(file) == 50
