from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import pytest

from pybayeux_replay import MemoryStore, ledger
from pybayeux_replay.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordingStore(MemoryStore):
    """Notes each commit, waits where it is told to, and fails as often as it is told to."""

    blocking = True  # type: ignore[misc]

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.commits: list[dict[str, int]] = []
        self.threads: set[int] = set()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.has_stored = threading.Event()
        self.closed = 0
        self._failures = failures

    def set(self, consumer: str, replay_ids: Mapping[str, int]) -> None:
        assert self.may_go_on.wait(10)
        self.threads.add(threading.get_ident())
        if self._failures:
            self._failures -= 1
            raise OSError("no space left")
        self.commits.append(dict(replay_ids))
        super().set(consumer, replay_ids)
        self.has_stored.set()

    def close(self) -> None:
        self.closed += 1


def test_positions_noted_in_one_turn_are_one_commit() -> None:
    async def scenario() -> None:
        for number in range(100):
            book.put("/orders", number)
        book.put("/cases", 7)
        assert (book.get("/orders"), book.get("/cases")) == (99, 7)
        await book.close()

    store = RecordingStore()
    book = Ledger(store, "billing")
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 99, "/cases": 7}]
    assert threading.get_ident() not in store.threads
    assert store.closed == 1


def test_what_comes_while_the_store_is_busy_is_the_next_commit() -> None:
    async def scenario() -> None:
        book.put("/orders", 1)
        await asyncio.sleep(0)
        for number in (2, 3):
            book.put("/orders", number)
        store.may_go_on.set()
        await book.close()

    store = RecordingStore()
    store.may_go_on.clear()
    book = Ledger(store, "billing")
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 1}, {"/orders": 3}]


def test_the_newest_position_is_read_before_it_is_stored_and_from_the_store_after() -> None:
    async def scenario() -> None:
        assert book.get("/orders") is None
        book.put("/orders", 1)
        assert book.get("/orders") == 1
        await book.close()
        assert book.get("/orders") == 1
        store.set("billing", {"/orders": 5})
        assert book.get("/orders") == 5

    store = MemoryStore()
    book = Ledger(store, "billing")
    asyncio.run(scenario())


def test_a_store_that_fails_gets_the_positions_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        book.put("/orders", 1)
        book.put("/cases", 1)
        await asyncio.sleep(0)
        book.put("/orders", 2)
        store.may_go_on.set()
        assert await asyncio.to_thread(store.has_stored.wait, 10)
        await book.close()

    monkeypatch.setattr(ledger, "_PAUSE", 0.0)
    store = RecordingStore(failures=2)
    store.may_go_on.clear()
    book = Ledger(store, "billing")
    with caplog.at_level(logging.ERROR, "pybayeux.replay"):
        asyncio.run(scenario())
    assert store.commits == [{"/orders": 2, "/cases": 1}]
    assert len(caplog.records) == 2


def test_closing_does_not_wait_out_the_pause_and_tells_what_could_not_be_stored() -> None:
    async def scenario() -> None:
        book.put("/orders", 1)
        with pytest.raises(OSError, match="no space left"):
            await book.close()

    store = RecordingStore(failures=5)
    book = Ledger(store, "billing")
    asyncio.run(asyncio.wait_for(scenario(), 5))
    assert store.closed == 1


def test_a_ledger_serves_one_event_loop_after_the_other() -> None:
    async def scenario(number: int) -> None:
        book.put("/orders", number)
        for _ in range(3):
            await asyncio.sleep(0)

    store = MemoryStore()
    book = Ledger(store, "billing")
    for number in (1, 2):
        asyncio.run(scenario(number))  # and nobody closes it
        kept = store.get("billing", "/orders")
        assert kept is not None
        assert kept.replay_id == number
