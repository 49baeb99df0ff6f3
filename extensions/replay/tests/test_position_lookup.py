"""Positions by org, and stores that an earlier version wrote."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.outages import outage
from pybayeux_replay import Fence, LeaseLostError, MemoryStore, Position, Store
from pybayeux_replay.file import FileStore
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.position_lookup import Found, PositionLookup, keys_of, position_key, split_key
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERS = "/event/Order__e"
ORG, OTHER = "00D1@one@NA1", "00D2@two@NA7"


def test_keys() -> None:
    assert position_key(ORDERS, ORG) == "00D1/event/Order__e"
    assert position_key(ORDERS, "cluster-7") == position_key(ORDERS, None) == ORDERS
    assert split_key("00D1/event/Order__e") == ("00D1", ORDERS)
    assert split_key(ORDERS) == ("", ORDERS)
    keys = ["00D1/event/Order__e", "00D2/event/Order__e", "/event/Order__e/x", "/x/event/Order__e"]
    assert keys_of(ORDERS, keys) == keys[:2]
    assert keys_of(keys[0], keys) == keys[:1]


def _lookup(**positions: Position) -> PositionLookup:
    store = MemoryStore()
    store.set("default", {key.replace("__", "/", 1): each for key, each in positions.items()})
    return PositionLookup(store, "default")


def test_each_org_has_its_own_position() -> None:
    mine, its = Position(1, NOON, org=ORG), Position(2, NOON, org=OTHER)
    lookup = _lookup(D1__x=mine, D2__x=its)
    assert lookup.find("/x", "D1@one") == Found("D1/x", mine)
    assert lookup.find("/x", "D2@two") == Found("D2/x", its)
    assert lookup.find("/x", "D3@three") == Found("D3/x")


@pytest.mark.parametrize("org", [None, "00D1@one", "CS42"])
def test_a_position_of_an_earlier_version_belongs_to_the_org_in_it_or_to_the_first_that_asks(org: str | None) -> None:
    old = Position(1, NOON, org=org)
    assert _lookup(__x=old).find("/x", ORG) == Found("00D1/x", old, carried_from="/x")


def test_a_position_of_an_earlier_version_is_not_that_of_another_org() -> None:
    assert _lookup(__x=Position(1, NOON, org=OTHER)).find("/x", ORG) == Found("00D1/x")


def test_the_position_of_the_org_that_this_one_has_replaced_at_its_host_is_known() -> None:
    replaced = Position(1, NOON, org="00D0@one@NA1")
    for store in (_lookup(__x=replaced), _lookup(D0__x=replaced)):
        assert store.find("/x", ORG) == Found("00D1/x", replaced)


def test_a_client_that_does_not_know_its_org_finds_the_only_position(caplog: pytest.LogCaptureFixture) -> None:
    mine = Position(1, NOON, org=ORG)
    assert _lookup(D1__x=mine).find("/x", None) == Found("D1/x", mine)
    assert caplog.text == ""
    assert _lookup(D1__x=mine, D2__x=mine).find("/x", None) == Found("/x")
    assert "/x: the store has positions of 2 orgs" in caplog.text


_OLD_TABLE = """
CREATE TABLE replay_position (
    consumer TEXT NOT NULL, subscription TEXT NOT NULL, replay_id BIGINT NOT NULL, stored_at FLOAT NOT NULL,
    event_time FLOAT, event_uuid TEXT, org TEXT, quiet_until FLOAT, PRIMARY KEY (consumer, subscription)
)
"""


def _old_sqlite(path: Path) -> Store:
    with sqlite3.connect(path) as connection:
        connection.execute(_OLD_TABLE)
        for subscription, org in ((ORDERS, "00D1@one"), ("/event/Case__e", "00D2@two")):
            row = ("default", subscription, 17, NOON.timestamp(), None, "2ec0", org, NOON.timestamp())
            connection.execute("INSERT INTO replay_position VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    return SqliteStore(path)


def _old_file(path: Path) -> Store:
    common = {"replay_id": 17, "stored_at": "2026-01-01T12:00:00Z", "event_uuid": "2ec0"}
    positions = {
        ORDERS: common | {"org": "00D1@one", "quiet_until": "2026-01-01T12:00:00Z"},
        "/event/Case__e": common | {"org": "00D2@two"},
    }
    path.write_text(json.dumps({"consumers": {"default": positions}}))
    return FileStore(path)


@pytest.mark.parametrize("kind", ["sqlite", "file"])
def test_the_positions_of_an_old_store_are_carried_over(kind: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        writer = PositionWriter(lambda: store, "default", lambda: NOON, outage())
        assert writer.find(ORDERS, ORG) == ("00D1/event/Order__e", old)
        assert writer.find(ORDERS, ORG) == ("00D1/event/Order__e", old)
        assert writer.find("/event/Case__e", ORG) == ("00D1/event/Case__e", None)
        await writer.close()

    path = tmp_path / "positions"
    store = _old_sqlite(path) if kind == "sqlite" else _old_file(path)
    old = Position(17, NOON, event_uuid="2ec0", org="00D1@one")
    asyncio.run(scenario())
    other = Position(17, NOON, event_uuid="2ec0", org="00D2@two")
    assert store.items("default") == {"00D1/event/Order__e": old, "/event/Case__e": other}
    store.close()


def test_an_old_position_stays_until_it_is_stored_under_its_new_key() -> None:
    class Failing(MemoryStore):
        def set(self, consumer: str, positions: object) -> None:
            raise OSError

    async def scenario() -> None:
        writer = PositionWriter(lambda: store, "default", lambda: NOON, outage())
        assert writer.find("/x", ORG) == ("00D1/x", Position(1, NOON))
        with pytest.raises(OSError):
            await writer.close()

    store = Failing()
    MemoryStore.set(store, "default", {"/x": Position(1, NOON)})
    asyncio.run(scenario())
    assert store.items("default") == {"/x": Position(1, NOON)}


class GuardedStore(MemoryStore):
    """Notes each key that is deleted while there is no other one for its subscription."""

    blocking = True  # type: ignore[misc]

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []
        self.may_write = threading.Event()
        self.has_begun = threading.Event()

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        self.has_begun.set()
        assert self.may_write.wait(10)
        super().set(consumer, positions)

    def delete(self, consumer: str, subscription: str) -> None:
        super().delete(consumer, subscription)
        if not keys_of(subscription, self.items(consumer)):
            self.lost.append(subscription)

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[None]:
        yield
        super().set(consumer, positions)


def _guarded() -> GuardedStore:
    store = GuardedStore()
    MemoryStore.set(store, "default", {"/x": Position(1, NOON)})
    return store


def test_an_old_key_is_not_deleted_with_the_positions_of_others() -> None:
    async def scenario() -> None:
        writer = PositionWriter(lambda: store, "default", lambda: NOON, outage())
        writer.put("/y", PendingPosition(7))
        assert await asyncio.to_thread(store.has_begun.wait, 10)  # its commit is under way
        assert writer.find("/x", ORG) == ("00D1/x", Position(1, NOON))
        store.may_write.set()
        await writer.close()

    store = _guarded()
    asyncio.run(scenario())
    assert store.lost == []
    assert set(store.items("default")) == {"/y", "00D1/x"}


def test_an_old_key_is_deleted_where_a_transaction_has_stored_the_new_one() -> None:
    async def scenario() -> None:
        writer = PositionWriter(lambda: store, "default", lambda: NOON, outage())
        key, _ = writer.find("/x", ORG)
        async with writer.transaction(store, key, PendingPosition(2)):
            assert set(store.items("default")) == {"/x"}
        await writer.close()

    store = _guarded()
    store.may_write.set()
    asyncio.run(scenario())
    assert store.lost == []
    assert store.items("default") == {"00D1/x": Position(2, NOON)}


def test_an_old_key_stays_where_the_new_one_may_not_be_stored() -> None:
    class Refusing(GuardedStore):
        def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
            if "00D1/x" in positions:
                raise LeaseLostError(consumer, subscription="/x")
            self.set(consumer, fence({}))

    async def scenario() -> None:
        writer = PositionWriter(lambda: store, "default", lambda: NOON, outage(), delay=1e-3)
        writer.find("/x", ORG)
        writer.put("/y", PendingPosition(7))
        await writer.close()

    store = Refusing()
    MemoryStore.set(store, "default", {"/x": Position(1, NOON)})
    store.may_write.set()
    asyncio.run(scenario())
    assert store.lost == []
    assert set(store.items("default")) == {"/x", "/y"}
