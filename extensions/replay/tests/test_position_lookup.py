"""Positions by org, and stores that an earlier version wrote."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.outages import outage
from pybayeux_replay import MemoryStore, Position, Store
from pybayeux_replay.file import FileStore
from pybayeux_replay.position_lookup import Found, PositionLookup, keys_of, position_key, split_key
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERS = "/event/Order__e"
ORG, OTHER = "00D1@one@NA1", "00D2@two@NA7"


def test_keys() -> None:
    assert position_key(ORDERS, ORG) == "00D1/event/Order__e"
    assert position_key(ORDERS, "cluster-7") == position_key(ORDERS, None) == ORDERS
    assert split_key("00D1/event/Order__e") == ("00D1", ORDERS)
    assert split_key(ORDERS) == ("", ORDERS)
    keys = ["00D1/event/Order__e", "00D2/event/Order__e", "/event/Order__e/x"]
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
