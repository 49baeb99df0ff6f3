from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.outages import outage
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_replay import MemoryStore, Position, position_writer
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.unstored import UnstoredLimit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pybayeux_replay import Store


NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class RecordingStore(MemoryStore):
    """Records each commit, waits and fails as the test demands."""

    blocking = True  # type: ignore[misc]

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.commits: list[dict[str, int]] = []
        self.threads: set[int] = set()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.has_begun = threading.Event()
        self.has_stored = threading.Event()
        self.closed = 0
        self._failures = failures

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        self.threads.add(threading.get_ident())
        if self._failures:
            self._failures -= 1
            raise OSError("no space left")
        self.commits.append({name: each.replay_id for name, each in positions.items() if isinstance(each, Position)})
        super().set(consumer, positions)
        self.has_stored.set()

    def close(self) -> None:
        self.closed += 1


def _writer(store: Store, delay: float = 0.0) -> PositionWriter:
    return PositionWriter(lambda: store, "billing", lambda: NOW, outage(), delay)


def _id(writer: PositionWriter, subscription: str) -> int | None:
    position = writer.get(subscription)
    return None if position is None else position.replay_id


def test_positions_noted_in_one_turn_are_one_commit() -> None:
    async def scenario() -> None:
        for number in range(100):
            writer.put("/orders", PendingPosition(number))
        writer.put("/cases", PendingPosition(7))
        assert (_id(writer, "/orders"), _id(writer, "/cases")) == (99, 7)
        await writer.close()

    store = RecordingStore()
    writer = _writer(store)
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 99, "/cases": 7}]
    assert threading.get_ident() not in store.threads
    assert store.closed == 1


def test_positions_noted_while_the_store_is_busy_are_the_next_commit() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        await asyncio.sleep(0)
        for number in (2, 3):
            writer.put("/orders", PendingPosition(number))
        store.may_go_on.set()
        await writer.close()

    store = RecordingStore()
    store.may_go_on.clear()
    writer = _writer(store)
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 1}, {"/orders": 3}]


@pytest.mark.parametrize("store", [MemoryStore(), RecordingStore()])
def test_a_commit_needs_no_task(store: MemoryStore) -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        assert store.get("billing", "/orders") is None
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await writer._commit_ended()
        stored = store.get("billing", "/orders")
        assert stored is not None
        assert stored.replay_id == 1
        assert "/orders" not in writer.unsaved()
        await writer.close()

    writer = _writer(store)
    asyncio.run(scenario())


def test_positions_of_a_turn_may_be_written_at_its_end() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1), writes=False)
        await asyncio.sleep(0)
        assert store.get("billing", "/orders") is None
        writer.write()
        stored = store.get("billing", "/orders")
        assert stored is not None
        assert stored.replay_id == 1
        await writer.close()

    store = MemoryStore()
    writer = _writer(store)
    asyncio.run(scenario())


def test_what_is_noted_while_the_last_positions_are_stored_is_stored_too() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        flushing = asyncio.create_task(writer.flush())
        assert await asyncio.to_thread(store.has_begun.wait, 10)
        writer.put("/orders", PendingPosition(2))
        store.may_go_on.set()
        await flushing
        assert store.commits == [{"/orders": 1}, {"/orders": 2}]
        await writer.close()

    store = RecordingStore()
    store.may_go_on.clear()
    writer = _writer(store)
    asyncio.run(scenario())


def test_a_position_that_no_thread_could_write_is_kept() -> None:
    async def scenario() -> None:
        await asyncio.get_running_loop().shutdown_default_executor()
        writer.put("/orders", PendingPosition(1))
        await asyncio.sleep(0)
        assert "/orders" in writer.unsaved()
        with pytest.raises(RuntimeError, match="shutdown"):
            await writer.close()

    writer = _writer(RecordingStore())
    asyncio.run(scenario())


def test_the_newest_position_is_read_before_it_is_stored_and_from_the_store_after() -> None:
    async def scenario() -> None:
        assert _id(writer, "/orders") is None
        writer.put("/orders", PendingPosition(1))
        assert _id(writer, "/orders") == 1
        await writer.close()
        assert _id(writer, "/orders") == 1
        store.set("billing", {"/orders": 5})
        assert _id(writer, "/orders") == 5

    store = MemoryStore()
    writer = _writer(store)
    asyncio.run(scenario())


def test_a_store_that_fails_gets_the_positions_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        writer.put("/cases", PendingPosition(1))
        await asyncio.sleep(0)
        writer.put("/orders", PendingPosition(2))
        store.may_go_on.set()
        assert await asyncio.to_thread(store.has_stored.wait, 10)
        await writer.close()

    monkeypatch.setattr(position_writer, "_RETRY_DELAY", 0.0)
    store = RecordingStore(failures=2)
    store.may_go_on.clear()
    writer = _writer(store)
    with caplog.at_level(logging.INFO, "pybayeux.replay"):
        asyncio.run(scenario())
    assert store.commits == [{"/orders": 2, "/cases": 1}]
    assert [record.getMessage() for record in caplog.records] == [
        "positions cannot be stored, and are kept until they can: OSError: no space left",
        "the store works again",
    ]
    assert all(record.exc_info is None for record in caplog.records)


def test_close_does_not_wait_for_the_retry_delay_and_raises_what_failed() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        with pytest.raises(OSError, match="no space left"):
            await writer.close()

    store = RecordingStore(failures=5)
    writer = _writer(store)
    asyncio.run(asyncio.wait_for(scenario(), 5))
    assert store.closed == 1


def test_a_writer_serves_one_event_loop_after_the_other() -> None:
    async def scenario(number: int) -> None:
        writer.put("/orders", PendingPosition(number))
        for _ in range(3):
            await asyncio.sleep(0)

    store = MemoryStore()
    writer = _writer(store)
    for number in (1, 2):
        asyncio.run(scenario(number))  # and it is not closed
        kept = store.get("billing", "/orders")
        assert kept is not None
        assert kept.replay_id == number


def _leave_a_commit(writer: PositionWriter, store: RecordingStore) -> None:
    """Have a commit stored whose event loop was closed meanwhile."""

    async def begin() -> None:
        writer.put("/orders", PendingPosition(1))
        await asyncio.to_thread(store.has_begun.wait, 10)

    store.may_go_on.clear()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()  # at once, as a program does that ends its loop by itself
    store.may_go_on.set()
    assert store.has_stored.wait(10)


def test_a_commit_whose_event_loop_was_closed_is_not_waited_for() -> None:
    async def go_on() -> None:
        await writer.flush()
        writer.put("/orders", PendingPosition(2))
        await writer.close()

    store = RecordingStore()
    writer = _writer(store)
    _leave_a_commit(writer, store)
    asyncio.run(go_on())
    assert store.commits == [{"/orders": 1}, {"/orders": 2}]


def test_a_commit_whose_event_loop_was_closed_holds_no_other_one_back() -> None:
    async def go_on() -> None:
        store.has_stored.clear()
        writer.put("/orders", PendingPosition(2))
        assert await asyncio.to_thread(store.has_stored.wait, 10)

    store = RecordingStore()
    writer = _writer(store)
    _leave_a_commit(writer, store)
    asyncio.run(go_on())
    assert store.commits == [{"/orders": 1}, {"/orders": 2}]


def test_positions_of_an_interval_are_one_commit_and_close_does_not_wait_for_its_end() -> None:
    @in_virtual_time
    async def scenario() -> None:
        clock = Clock()
        for number in range(1, 8):
            writer.put("/orders", PendingPosition(number))
            await clock.advance(1)
        assert store.commits == [{"/orders": 5}]
        began = clock.now
        await writer.close()
        assert clock.now - began < 0.1

    store = RecordingStore()
    writer = _writer(store, delay=5)
    scenario()
    assert store.commits == [{"/orders": 5}, {"/orders": 7}]


def test_the_same_position_is_not_stored_twice_but_one_of_another_org_is() -> None:
    async def scenario() -> None:
        for org in (None, None, "org/1", "org/1"):
            writer.put("/orders", PendingPosition(1, None, org))
            for _ in range(3):
                await asyncio.sleep(0)
        await writer.close()

    store = RecordingStore()
    store.blocking = False  # type: ignore[misc]
    writer = _writer(store)
    asyncio.run(scenario())
    assert len(store.commits) == 2


class Transactions(MemoryStore):
    """Stores a position at the end of a transaction, if there is no exception."""

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[str]:
        yield "connection"
        self.set(consumer, positions)


class BusyTransactions(RecordingStore, Transactions):
    """Both at once; a transaction writes in the event loop."""


def test_a_position_of_a_transaction_is_not_overtaken_by_an_older_one() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        async with writer.transaction(store, "/orders", PendingPosition(2)) as connection:
            assert connection == "connection"
            for _ in range(3):
                await asyncio.sleep(0)
            assert store.get("billing", "/orders") is None  # no other write in the meantime
        writer.put("/orders", PendingPosition(2))
        assert _id(writer, "/orders") == 2
        await writer.close()

    store = Transactions()
    writer = _writer(store)
    asyncio.run(scenario())
    assert store.get("billing", "/orders") == Position(2, NOW)


def test_a_transaction_waits_for_the_commit_under_way() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        await asyncio.sleep(0)
        transaction = asyncio.create_task(run_transaction())
        assert await asyncio.to_thread(store.has_begun.wait, 10)
        assert not has_begun
        store.may_go_on.set()
        await transaction
        await writer.close()

    async def run_transaction() -> None:
        async with writer.transaction(store, "/orders", PendingPosition(2)):
            assert store.commits == [{"/orders": 1}]
            has_begun.append(True)

    has_begun: list[bool] = []
    store = BusyTransactions()
    store.may_go_on.clear()
    writer = _writer(store)
    asyncio.run(scenario())
    assert has_begun


def test_after_a_failed_transaction_nothing_has_moved() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        with pytest.raises(ZeroDivisionError):
            async with writer.transaction(store, "/orders", PendingPosition(2)):
                raise ZeroDivisionError
        assert _id(writer, "/orders") == 1
        await writer.close()

    store = Transactions()
    writer = _writer(store)
    asyncio.run(scenario())
    assert store.get("billing", "/orders") == Position(1, NOW)


def test_the_store_is_opened_at_the_first_use_and_closed_only_then() -> None:
    def open_store() -> Store:
        opened.append(RecordingStore())
        return opened[-1]

    opened: list[RecordingStore] = []
    writer = PositionWriter(open_store, "billing", lambda: NOW, outage())
    asyncio.run(writer.close())
    assert opened == []
    for _ in range(2):
        assert writer.get("/orders") is None
    asyncio.run(writer.close())
    assert [store.closed for store in opened] == [1]


class Receivers:
    """Receivers that can be held, and wait until they may go on."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    @property
    def wait(self) -> bool:
        """Whether they wait."""
        return not self.may_go_on.is_set()


def _bounded(store: Store, receivers: Receivers, most: int | None = 3, delay: float = 0.0) -> PositionWriter:
    unstored = UnstoredLimit(most, receivers.may_go_on.clear, receivers.may_go_on.set)
    return PositionWriter(lambda: store, "billing", lambda: NOW, outage(), delay, unstored=unstored)


def test_receivers_wait_while_many_positions_are_not_stored() -> None:
    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        await asyncio.sleep(0)
        for number in (2, 3):
            assert not receivers.wait
            writer.put("/orders", PendingPosition(number))
        assert receivers.wait, "one is being written, and two wait"
        store.may_go_on.set()
        await receivers.may_go_on.wait()
        assert store.commits[0] == {"/orders": 1}
        await writer.close()

    store, receivers = RecordingStore(), Receivers()
    store.may_go_on.clear()
    writer = _bounded(store, receivers)
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 1}, {"/orders": 3}]


def test_there_is_room_for_one_run_of_events_when_receivers_wait() -> None:
    receivers: list[str] = []
    unstored = UnstoredLimit(10, lambda: receivers.append("wait"), lambda: receivers.append("go on"), run=4)
    assert [unstored.noted(events) for events in (3, 3, 4)] == [False, False, True]
    assert unstored.count == 10
    unstored.written(4)
    assert (unstored.noted(), unstored.count) == (True, 7)


def test_what_waiting_receivers_handle_after_a_commit_is_in_the_next_one() -> None:
    async def receive() -> None:
        for number in range(2, 5):
            await receivers.may_go_on.wait()
            writer.put("/orders", PendingPosition(number))

    async def scenario() -> None:
        writer.put("/orders", PendingPosition(1))
        receiver = asyncio.create_task(receive())
        await asyncio.sleep(0)
        assert receivers.wait
        store.may_go_on.set()
        await receiver
        await writer.close()

    store, receivers = RecordingStore(), Receivers()
    store.may_go_on.clear()
    writer = _bounded(store, receivers)
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 1}, {"/orders": 4}]


@pytest.mark.parametrize(("store", "most"), [(MemoryStore(), 3), (RecordingStore(), None)])
def test_receivers_do_not_wait_for_a_store_in_memory_nor_without_a_bound(store: Store, most: int | None) -> None:
    async def scenario() -> None:
        for number in range(100):
            writer.put("/orders", PendingPosition(number))
            assert not receivers.wait
        await writer.close()

    receivers = Receivers()
    writer = _bounded(store, receivers, most)
    asyncio.run(scenario())


def test_receivers_go_on_while_the_store_fails() -> None:
    async def scenario() -> None:
        for number in range(3):
            writer.put("/orders", PendingPosition(number))
        assert receivers.wait
        await asyncio.wait_for(receivers.may_go_on.wait(), 10)
        for number in range(3, 10):
            writer.put("/orders", PendingPosition(number))
            assert not receivers.wait
        await writer.close()

    store, receivers = RecordingStore(failures=1), Receivers()
    writer = _bounded(store, receivers)
    asyncio.run(scenario())
    assert store.commits == [{"/orders": 9}]


def test_a_writer_that_is_cancelled_keeps_what_it_was_writing() -> None:
    async def scenario() -> None:
        for number in range(3):
            writer.put("/orders", PendingPosition(number))
        assert receivers.wait
        assert await asyncio.to_thread(store.has_begun.wait, 10)
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}
        task.cancel()
        await receivers.may_go_on.wait()
        store.may_go_on.set()
        await writer.close()

    store, receivers = RecordingStore(), Receivers()
    store.may_go_on.clear()
    writer = _bounded(store, receivers, delay=1e-3)  # with a delay, a task writes
    asyncio.run(scenario())
    assert store.commits[-1] == {"/orders": 2}
