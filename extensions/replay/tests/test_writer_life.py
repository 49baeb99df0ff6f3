"""What is under way in the store when the client ends: it ends as well, and nothing is stored afterwards."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.outages import outage
from pybayeux.errors import ClientStateError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import DeadLetter, MemoryStore, Position
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.position_writer import PositionWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class WatchedStore(MemoryStore):
    """Notes what is stored, fails as the test demands, and lets begins, commits and threads wait.

    Attributes:
        is_lost: Whether it fails.
        stored: The replay ids that were stored, and ``letter`` for each dead letter, in order.
        may_begin: Transactions begin when this is set.
        may_commit: They are committed when this is set.
        may_go_on: What runs in threads goes on when this is set.
        has_begun: Something runs in a thread.
    """

    blocking = True  # type: ignore[misc]

    def __init__(self) -> None:
        super().__init__()
        self.is_lost = False
        self.stored: list[int | str] = []
        self.may_begin, self.may_commit = asyncio.Event(), asyncio.Event()
        self.may_go_on, self.has_begun = threading.Event(), threading.Event()
        for event in (self.may_begin, self.may_commit, self.may_go_on):
            event.set()

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        self._check()
        super().set(consumer, positions)
        self.stored += [each.replay_id for each in positions.values() if isinstance(each, Position)]

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[str]:
        await self.may_begin.wait()
        self._check()
        yield "connection"
        await self.may_commit.wait()
        self.set(consumer, positions)

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        self._check()
        self.stored.append("letter")
        return 1

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        return []

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        raise NotImplementedError

    def _check(self) -> None:
        if self.is_lost:
            raise ConnectionError("it is gone")


def _writer(store: WatchedStore, delay: float = 0.0) -> PositionWriter:
    return PositionWriter(lambda: store, "billing", lambda: NOW, outage(), delay)


LETTER = DeadLetter("/orders", "/orders", None, "KeyError: 1", NOW, "[]")


async def _run(writer: PositionWriter, store: WatchedStore, number: int, *waits: asyncio.Event) -> None:
    async with writer.transaction(store, "/orders", PendingPosition(number)):
        for each in waits:
            await each.wait()


async def _keep_letter(writer: PositionWriter, _store: WatchedStore) -> None:
    await writer.keep_dead_letter(LETTER)


@pytest.mark.parametrize("work", [partial(_run, number=1), _keep_letter], ids=["transaction", "dead letter"])
@in_virtual_time
async def test_what_waits_for_the_store_ends_with_the_client(
    work: Callable[[PositionWriter, WatchedStore], Coroutine[Any, Any, None]],
) -> None:
    store = WatchedStore()
    writer = _writer(store)
    store.is_lost = True
    waiting = asyncio.create_task(work(writer, store))
    await asyncio.sleep(60)
    await writer.close()
    store.is_lost = False
    with pytest.raises(ConnectionError):
        await waiting
    assert store.stored == []


@in_virtual_time
async def test_a_dead_letter_that_is_being_stored_is_waited_for_even_if_its_handler_was_cancelled() -> None:
    store = WatchedStore()
    writer = _writer(store)
    store.may_go_on.clear()
    keeping = asyncio.create_task(writer.keep_dead_letter(LETTER))
    assert await asyncio.to_thread(store.has_begun.wait, 10)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    closing = asyncio.create_task(writer.close())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not closing.done()
    store.may_go_on.set()
    await closing
    assert store.stored == ["letter"]


@in_virtual_time
async def test_a_transaction_that_has_not_begun_does_not_begin_after_the_end() -> None:
    store, may_end = WatchedStore(), asyncio.Event()
    writer = _writer(store)
    store.may_begin.clear()
    beginning = asyncio.create_task(_run(writer, store, 1))
    waiting = asyncio.create_task(_run(writer, store, 2))  # until the other one has ended
    await asyncio.sleep(1)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(1)
    store.may_begin.set()
    await closing
    may_end.set()
    for each in (beginning, waiting):
        with pytest.raises(ClientStateError, match="the client was closed before"):
            await each
    assert store.stored == []


@in_virtual_time
async def test_a_transaction_whose_block_lasts_longer_than_the_client_is_rolled_back() -> None:
    store, may_end = WatchedStore(), asyncio.Event()
    writer = _writer(store)
    writer.put("/orders", PendingPosition(1))
    running = asyncio.create_task(_run(writer, store, 2, may_end))
    await asyncio.sleep(1)
    await writer.close()
    assert store.stored == [1], "what was handled before"
    may_end.set()
    with pytest.raises(ClientStateError, match="the client was closed before"):
        await running
    await asyncio.sleep(60)
    assert store.stored == [1]


@in_virtual_time
async def test_a_commit_is_waited_for() -> None:
    store = WatchedStore()
    writer = _writer(store)
    store.may_commit.clear()
    running = asyncio.create_task(_run(writer, store, 1))
    await asyncio.sleep(1)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(60)
    assert not closing.done()
    store.may_commit.set()
    await closing
    assert store.stored == [1]
    await running


@in_virtual_time
async def test_what_waits_for_a_commit_is_stored_with_the_end(caplog: pytest.LogCaptureFixture) -> None:
    store = WatchedStore()
    writer = _writer(store, delay=5)
    store.may_commit.clear()
    running = asyncio.create_task(_run(writer, store, 1))
    await asyncio.sleep(1)
    writer.put("/cases", PendingPosition(7))
    await asyncio.sleep(10)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(1)
    store.may_commit.set()
    await closing
    await running
    assert store.stored == [1, 7]
    gc.collect()
    assert caplog.messages == [], "such as a task whose exception nobody has seen"


@in_virtual_time
async def test_the_client_may_end_within_a_transaction() -> None:
    store = WatchedStore()
    writer = _writer(store, delay=5)
    with pytest.raises(ClientStateError, match="the client was closed before"):
        async with writer.transaction(store, "/orders", PendingPosition(2)):
            writer.put("/cases", PendingPosition(1))
            await asyncio.sleep(10)  # a task is about to write it, when the transaction has ended
            await writer.close()
    assert store.stored == [1]


@in_virtual_time
async def test_what_is_noted_while_the_client_ends_is_stored_before_the_end() -> None:
    store = WatchedStore()
    writer = PositionWriter(lambda: store, "billing", lambda: NOW, outage(), on_stored=lambda _: noted())
    left: list[Any] = [2]

    def noted() -> None:
        if left:
            writer.put("/orders", PendingPosition(left.pop()))

    writer.put("/orders", PendingPosition(1))
    await writer.close()
    assert store.stored == [1, 2]
    await asyncio.sleep(60)
    assert store.stored == [1, 2]


@in_virtual_time
async def test_after_the_end_there_is_another_life() -> None:
    store = WatchedStore()
    writer = _writer(store)
    for number in (1, 2):
        await _run(writer, store, number)
        assert await writer.keep_dead_letter(LETTER) == 1
        await writer.close()
    assert store.stored == [1, "letter", 2, "letter"]
