"""Commits to a SQLite file on the event loop: where nothing has to be waited for, and only there."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import pybayeux_replay.sqlite as sqlite_module
from extensions.replay.tests.test_position_writer import _writer
from pybayeux_replay import MemoryStore, Position
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_replay.testing.samples import NOON, one_more

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pybayeux_replay import Fence


def _orders(number: int) -> dict[str, Position]:
    return {"/orders": Position(number, NOON)}


def _set_in_thread(store: SqliteStore, number: int) -> None:
    store.fenced_set("billing", _orders(number), lambda stored: _orders(number))


def _set_at_once(store: SqliteStore, number: int) -> bool:
    return store.set_at_once("billing", _orders(number), lambda stored: _orders(number))


def _opened(path: Path) -> SqliteStore:
    store = SqliteStore(path / "positions.db")
    assert not _set_at_once(store, 1), "the file is opened in a thread"
    _set_in_thread(store, 1)
    return store


def test_a_commit_at_once_is_in_the_file(tmp_path: Path) -> None:
    store, other = _opened(tmp_path), SqliteStore(tmp_path / "positions.db")
    assert _set_at_once(store, 2)
    assert other.get("billing", "/orders") == Position(2, NOON)
    other.close()
    store.close()
    assert not _set_at_once(store, 3)


def test_another_writer_is_not_waited_for(tmp_path: Path) -> None:
    store, other = _opened(tmp_path), sqlite3.connect(tmp_path / "positions.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not _set_at_once(store, 2)
    other.execute("ROLLBACK")
    _set_in_thread(store, 2)
    assert _set_at_once(store, 3)
    other.close()
    store.close()


def test_the_write_ahead_log_stays_short(tmp_path: Path) -> None:
    store, in_threads = _opened(tmp_path), 0
    for number in range(10 * sqlite_module._MOST_AT_ONCE):
        if not _set_at_once(store, number):
            in_threads += 1
            _set_in_thread(store, number)
    assert in_threads == 9
    assert (tmp_path / "positions.db-wal").stat().st_size < 2**24
    store.close()


def test_what_fails_is_undone_and_the_next_one_opens_the_file_again(tmp_path: Path) -> None:
    def fail(stored: Mapping[str, Position]) -> Mapping[str, Position]:
        raise LookupError

    store = _opened(tmp_path)
    with pytest.raises(LookupError):
        store.set_at_once("billing", _orders(2), fail)
    assert not _set_at_once(store, 3)
    _set_in_thread(store, 4)
    assert _set_at_once(store, 5)
    assert store.get("billing", "/orders") == Position(5, NOON)
    store.close()


def test_clients_in_several_threads_may_share_a_store(tmp_path: Path) -> None:
    def count() -> None:
        for _ in range(100):
            if not store.set_at_once("billing", _orders(1), one_more):
                store.fenced_set("billing", _orders(1), one_more)

    store = _opened(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(count) for _ in range(4)]:
            done.result()
    assert store.get("billing", "/orders") == Position(401, NOON)
    store.close()


class _PromptStore(MemoryStore):
    """Notes what was stored at once, and what was not."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.now = 100.0
        self.at_once: list[int] = []
        self.in_threads: list[int] = []

    def monotonic(self) -> float:
        return self.now

    def set_at_once(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> bool:
        self.now += self.seconds
        self.at_once += [each.replay_id for each in positions.values()]
        self.set(consumer, fence({}))
        return True

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        self.in_threads += [each.replay_id for each in positions.values()]
        self.set(consumer, fence({}))


def test_after_a_slow_commit_the_next_ones_are_made_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        for number, (seconds, pause) in enumerate([(0.001, 0), (0.05, 0), (0.001, 0), (0.001, 61)]):
            store.seconds = seconds
            store.now += pause
            writer.put("/orders", PendingPosition(number))
            await asyncio.sleep(0)
            await writer._commit_ended()
        await writer.close()

    store = _PromptStore()
    monkeypatch.setattr(store, "blocking", True)
    monkeypatch.setattr(time, "monotonic", store.monotonic)
    writer = _writer(store)
    asyncio.run(scenario())
    assert (store.at_once, store.in_threads) == ([0, 1, 3], [2])
