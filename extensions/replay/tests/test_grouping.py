from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.simulation import event
from pybayeux_replay.grouping import CommitTracker, Grouping
from pybayeux_replay.position import EARLIEST, PendingPosition
from pybayeux_replay.window import Progress, Window

if TYPE_CHECKING:
    from pybayeux import Message


def test_a_group_is_ready_when_everything_up_to_its_end_is_handled() -> None:
    remembered: list[object] = []
    commits = CommitTracker(Grouping.TRANSACTION, 7, remembered.append)
    commits.begin_event("t1", None)
    commits.begin_event("t2", 1)
    commits.defer(1, "first")
    commits.defer(2, "second")
    first, second = PendingPosition(8), PendingPosition(9)
    commits.advance(1, first)
    commits.advance(2, second)
    assert (commits.take(), commits.position, remembered) == (first, 8, ["first"])
    commits.release()
    assert (commits.take(), commits.take(), commits.position) == (second, None, 9)
    assert remembered == ["first", "second"]


def test_an_unfinished_transaction_is_forgotten_and_a_finished_one_is_not() -> None:
    remembered: list[object] = []
    commits = CommitTracker(Grouping.TRANSACTION, None, remembered.append)
    commits.begin_event("t1", None)
    commits.defer(1, "first")
    commits.advance(1, PendingPosition(8))
    commits.begin_event("t2", None)
    commits.defer(2, "second")
    commits.advance(2, PendingPosition(9))
    commits.forget_events()
    commits.release()
    assert (commits.take(), commits.position, remembered) == (PendingPosition(8), 8, ["first"])
    commits.restart()
    assert (commits.ready, commits.position) == (None, None)


# -- in a window


def test_a_batch_is_stored_when_all_its_events_are_handled() -> None:
    window = Window("/orders", EARLIEST, grouping=Grouping.BATCH)
    window.on_subscribe()
    events = [event("/orders", replay_id) for replay_id in range(1, 6)]
    for each in events[:2]:
        window.receive(each, each.data["event"]["replayId"])
    window.end_group()
    for each in events[2:4]:
        window.receive(each, each.data["event"]["replayId"])
    window.end_group()
    window.end_group()
    progress = [window.handle(each) for each in events[:4]]
    assert progress == [Progress.NONE, Progress.MOVED, Progress.NONE, Progress.MOVED]
    assert window.commits.take() == PendingPosition(4, events[3])
    assert window.commits.take() is None
    window.receive(events[4], 5)
    assert window.handle(events[4]) is Progress.NONE
    assert (window.position, window.commits.take()) == (5, None)
    window.commits.release()
    assert window.commits.take() == PendingPosition(5, events[4])


def test_a_batch_that_ends_after_it_was_handled_is_stored_then() -> None:
    window = Window("/orders", EARLIEST, grouping=Grouping.BATCH)
    window.on_subscribe()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.handle(first)
    assert window.commits.take() is None
    window.end_group()
    assert window.commits.take() == PendingPosition(1, first)


def _transactions(window: Window, *keys: str | None) -> list[Message]:
    """Receive events with these transaction keys, and return them."""
    events = [event("/data/ChangeEvents", replay_id) for replay_id in range(1, len(keys) + 1)]
    for replay_id, (each, key) in enumerate(zip(events, keys, strict=True), 1):
        assert window.receive(each, replay_id, None, key)
    return events


def _of_transactions() -> Window:
    window = Window("/data/ChangeEvents", EARLIEST, grouping=Grouping.TRANSACTION, remembered=10)
    window.on_subscribe()
    return window


def test_a_transaction_is_stored_when_another_one_has_begun() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t1", "t2", None, "t3")
    stored = []
    for each in events:
        window.handle(each)
        reached = window.commits.take()
        stored.append(None if reached is None else reached.replay_id)
    assert stored == [None, 2, 3, 4, None]
    assert window.position == 5


def test_a_transaction_that_was_handled_is_stored_as_soon_as_another_one_begins() -> None:
    window = _of_transactions()
    (first,) = _transactions(window, "t1")
    window.handle(first)
    assert window.commits.take() is None
    assert window.receive(event("/data/ChangeEvents", 2), 2, None, "t2")
    assert window.commits.take() == PendingPosition(1, first)


def test_a_subscription_that_begins_within_a_transaction_gets_all_of_it() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t2", "t2", "t3")
    for each in events[:2]:
        window.handle(each)
    assert window.commits.take() == PendingPosition(1, events[0])
    assert window.position == 2
    window.close()
    assert window.on_subscribe() == 1
    assert window.receive(event("/data/ChangeEvents", 2), 2, None, "t2")  # handled, and to be handled again
    assert window.commits.take() is None
    assert not window.receive(event("/data/ChangeEvents", 1), 1, None, "t1")  # handled for good


def test_a_lost_session_within_a_transaction_repeats_nothing() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t1")
    window.handle(events[0])
    assert window.on_subscribe() == 1
    assert not window.receive(event("/data/ChangeEvents", 2), 2, None, "t1")
    third = event("/data/ChangeEvents", 3)
    assert window.receive(third, 3, None, "t1")
    for each in (events[1], third):
        assert window.handle(each) is Progress.NONE
