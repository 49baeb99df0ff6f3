"""What every store does, and how stores are named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pybayeux_replay import MemoryStore, Store
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_replay.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "positions.db")
    yield made
    made.close()


def test_a_store_keeps_the_newest_position_and_when_it_was_stored(store: Store) -> None:
    before = datetime.now(UTC)
    store.set("billing", {"/orders": 1, "/topic/Cases?a=b": 2})
    store.set("billing", {"/orders": 2**40})
    kept = store.get("billing", "/orders")
    assert kept is not None
    assert kept.replay_id == 2**40
    assert before <= kept.stored_at <= datetime.now(UTC)
    assert {name: each.replay_id for name, each in store.items("billing").items()} == {
        "/orders": 2**40,
        "/topic/Cases?a=b": 2,
    }


def test_a_position_may_go_back(store: Store) -> None:
    store.set("billing", {"/orders": 9})
    store.set("billing", {"/orders": 3})
    kept = store.get("billing", "/orders")
    assert kept is not None
    assert kept.replay_id == 3


def test_consumers_do_not_mix(store: Store) -> None:
    store.set("billing", {"/orders": 1})
    store.set("shipping", {"/orders": 2})
    assert store.get("audit", "/orders") is None
    assert store.items("audit") == {}
    store.delete("billing", "/orders")
    assert store.get("billing", "/orders") is None
    kept = store.get("shipping", "/orders")
    assert kept is not None
    assert kept.replay_id == 2


def test_forgetting_and_storing_nothing_is_no_error(store: Store) -> None:
    store.delete("billing", "/orders")
    store.set("billing", {})
    assert store.items("billing") == {}


def test_a_closed_store_opens_again(store: Store) -> None:
    store.set("billing", {"/orders": 1})
    store.close()
    store.close()
    assert store.get("billing", "/orders") is not None


def test_stores_satisfy_the_protocol(store: Store) -> None:
    assert isinstance(store, Store)


def test_names_of_stores() -> None:
    assert isinstance(open_store("memory"), MemoryStore)
    for name in ("sqlite:///positions", "positions.db", "positions.sqlite3", "state/positions"):
        made = open_store(name)
        assert isinstance(made, SqliteStore)
        assert str(made.path) == name.removeprefix("sqlite:///")
    absolute = open_store("sqlite:////var/lib/positions.db")
    assert isinstance(absolute, SqliteStore)
    assert str(absolute.path) == "/var/lib/positions.db"


@pytest.mark.parametrize("name", ["memroy", "", "sqlite:///", "postgresql://host/db", "redis://host"])
def test_other_names_are_refused_with_what_would_do(name: str) -> None:
    with pytest.raises(ValueError, match=r"neither 'memory' nor 'sqlite:///positions.db'"):
        open_store(name)
