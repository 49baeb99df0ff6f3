"""What every store has to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pybayeux_replay import MemoryStore, Store, TransactionalStore
from pybayeux_replay.file import FileStore
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_replay.testing import STORE_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("kind", ["memory", "sqlite", "file"])
@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_store(check: Callable[[Callable[[], Store]], None], kind: str, tmp_path: Path) -> None:
    memory = MemoryStore()
    makers: dict[str, Callable[[], Store]] = {
        "memory": lambda: memory,
        "sqlite": lambda: SqliteStore(tmp_path / "positions.db"),
        "file": lambda: FileStore(tmp_path / "positions.json"),
    }
    check(makers[kind])


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


def test_stores_satisfy_the_protocols(tmp_path: Path) -> None:
    for store in (MemoryStore(), SqliteStore(tmp_path / "p.db"), FileStore(tmp_path / "p.json")):
        assert isinstance(store, Store)
        assert isinstance(store, TransactionalStore) is isinstance(store, SqliteStore)
