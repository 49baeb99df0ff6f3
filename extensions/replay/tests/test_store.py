"""What every store has to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pybayeux_replay import MemoryStore, Position, Store, TransactionalStore
from pybayeux_replay.file import FileStore
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FULL = Position(2**40, NOON, NOON - timedelta(minutes=1, microseconds=1), "2ec0-a371", "00D1/CS42")


@pytest.fixture(params=["memory", "sqlite", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: dict[str, Store] = {
        "memory": MemoryStore(),
        "sqlite": SqliteStore(tmp_path / "positions.db"),
        "file": FileStore(tmp_path / "positions.json"),
    }
    yield made[request.param]
    made[request.param].close()


def test_a_store_keeps_all_fields_of_a_position(store: Store) -> None:
    poor = Position(-2, NOON)
    store.set("billing", {"/orders": FULL, "/topic/Cases?a=b": poor})
    assert store.get("billing", "/orders") == FULL
    assert store.items("billing") == {"/orders": FULL, "/topic/Cases?a=b": poor}


@pytest.mark.parametrize("kind", ["memory", "sqlite", "file"])
def test_a_bare_replay_id_is_a_position_stored_now(kind: str, tmp_path: Path) -> None:
    stores: dict[str, MemoryStore | SqliteStore | FileStore] = {
        "memory": MemoryStore(),
        "sqlite": SqliteStore(tmp_path / "p.db"),
        "file": FileStore(tmp_path / "p.json"),
    }
    store, before = stores[kind], datetime.now(UTC)
    store.set("billing", {"/orders": 7})
    kept = store.get("billing", "/orders")
    assert kept is not None
    assert kept.replay_id == 7
    assert before <= kept.stored_at <= datetime.now(UTC)
    store.close()


def test_a_position_may_go_back(store: Store) -> None:
    store.set("billing", {"/orders": FULL})
    store.set("billing", {"/orders": Position(3, NOON)})
    assert store.get("billing", "/orders") == Position(3, NOON)


def test_consumers_do_not_mix(store: Store) -> None:
    store.set("billing", {"/orders": Position(1, NOON)})
    store.set("shipping", {"/orders": Position(2, NOON)})
    assert store.get("audit", "/orders") is None
    assert store.items("audit") == {}
    store.delete("billing", "/orders")
    assert store.get("billing", "/orders") is None
    assert store.get("shipping", "/orders") == Position(2, NOON)


def test_deleting_or_storing_nothing_is_no_error(store: Store) -> None:
    store.delete("billing", "/orders")
    store.set("billing", {})
    assert store.items("billing") == {}


def test_a_closed_store_opens_again(store: Store) -> None:
    store.set("billing", {"/orders": FULL})
    store.close()
    store.close()
    assert store.get("billing", "/orders") == FULL


def test_stores_satisfy_the_protocols(store: Store) -> None:
    assert isinstance(store, Store)
    assert isinstance(store, TransactionalStore) is isinstance(store, SqliteStore)
