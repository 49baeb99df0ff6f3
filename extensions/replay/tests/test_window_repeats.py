"""Events that come again, and events that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.simulation import event
from pybayeux_replay.commit import Grouping
from pybayeux_replay.handled import Handled
from pybayeux_replay.position import EARLIEST
from pybayeux_replay.window import Progress, Window

if TYPE_CHECKING:
    from pybayeux import Message


# -- events that were handled


def _with_handled(*, remembered: int = 10, grouping: Grouping = Grouping.EACH) -> tuple[Window, Message]:
    """A window that has handled the second event on one channel while the first waits on another."""
    window = Window("/orders/*", EARLIEST, remembered=remembered, grouping=grouping)
    window.ask()
    first, second = event("/orders/a", 1), event("/orders/b", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.handle(second)
    return window, first


def test_an_event_that_was_handled_is_dropped_when_it_comes_again_and_counts_as_handled() -> None:
    window, _ = _with_handled()
    window.close()
    assert window.ask() == EARLIEST
    assert window.receive(event("/orders/a", 1), 1)
    assert not window.receive(event("/orders/b", 2), 2)
    fresh = event("/orders/a", 3)
    assert window.receive(fresh, 3)
    assert not window.receive(event("/orders/b", 2), 2)


def test_the_position_moves_over_events_that_were_handled_before() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.ask()
    for replay_id in (1, 2):
        each = event("/orders", replay_id)
        window.receive(each, replay_id, f"uuid-{replay_id}")
        window.handle(each)
    window.take()
    window.restart(EARLIEST)
    window.ask()
    positions = [window.position]
    for replay_id, key in ((11, "uuid-1"), (12, "uuid-2")):
        assert not window.receive(event("/orders", replay_id), replay_id, key)
        positions.append(window.position)
    assert positions == [None, 11, 12]
    assert window.take() == Handled(12)
    assert window.is_handled


def test_only_so_many_are_remembered() -> None:
    window, _ = _with_handled(remembered=0)
    window.close()
    window.ask()
    assert window.receive(event("/orders/b", 2), 2)


def test_what_comes_again_unasked_is_a_repeat_whether_it_waits_or_was_handled() -> None:
    window, _ = _with_handled()
    assert not window.receive(event("/orders/b", 2), 2)
    assert not window.receive(event("/orders/a", 1), 1)
    assert window.receive(event("/orders/b", 3), 3)
    assert not window.receive(event("/orders/b", 3), 3)


def test_a_lower_id_that_never_came_is_no_repeat() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.ask()
    assert window.receive(event("/orders", 7), 7)
    assert window.receive(event("/orders", 5), 5)


def test_an_id_of_another_numbering_is_another_event_and_an_own_id_is_not() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.ask()
    for replay_id, key in ((1, None), (2, "uuid-2")):
        each = event("/orders", replay_id)
        window.receive(each, replay_id, key)
        window.handle(each)
    window.restart(EARLIEST)
    window.ask()
    assert window.receive(event("/orders", 1), 1)
    assert not window.receive(event("/orders", 1), 1, "uuid-2")


def test_where_the_numbering_is_the_same_what_waits_and_what_was_handled_is_known() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.ask()
    events = [event("/orders", replay_id) for replay_id in (1, 2, 3)]
    for replay_id, each in enumerate(events, 1):
        window.receive(each, replay_id)
    window.handle(events[0])
    window.restart(EARLIEST, is_same_numbering=True)
    assert window.ask() == EARLIEST
    assert [window.receive(event("/orders", replay_id), replay_id) for replay_id in (1, 2, 3, 4)] == [
        False,
        False,
        False,
        True,
    ]
    assert window.handle(events[1]) is Progress.MOVED
    assert not window.lost_track


# -- events that belong together


def test_a_batch_is_stored_when_all_of_it_is_handled() -> None:
    window = Window("/orders", EARLIEST, grouping=Grouping.BATCH)
    window.ask()
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
    assert window.take() == Handled(4, events[3])
    assert window.take() is None
    window.receive(events[4], 5)
    assert window.handle(events[4]) is Progress.NONE
    assert (window.position, window.take()) == (5, None)
    window.settle()
    assert window.take() == Handled(5, events[4])


def test_a_batch_that_ends_after_it_was_handled_is_stored_then() -> None:
    window = Window("/orders", EARLIEST, grouping=Grouping.BATCH)
    window.ask()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.handle(first)
    assert window.take() is None
    window.end_group()
    assert window.take() == Handled(1, first)


def _transactions(window: Window, *keys: str | None) -> list[Message]:
    """Events with these transaction keys, received."""
    events = [event("/data/ChangeEvents", replay_id) for replay_id in range(1, len(keys) + 1)]
    for replay_id, (each, key) in enumerate(zip(events, keys, strict=True), 1):
        assert window.receive(each, replay_id, None, key)
    return events


def _of_transactions() -> Window:
    window = Window("/data/ChangeEvents", EARLIEST, grouping=Grouping.TRANSACTION, remembered=10)
    window.ask()
    return window


def test_a_transaction_is_stored_when_another_one_has_begun() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t1", "t2", None, "t3")
    stored = []
    for each in events:
        window.handle(each)
        reached = window.take()
        stored.append(None if reached is None else reached.replay_id)
    assert stored == [None, 2, 3, 4, None]
    assert window.position == 5


def test_a_transaction_that_was_handled_is_stored_as_soon_as_another_one_begins() -> None:
    window = _of_transactions()
    (first,) = _transactions(window, "t1")
    window.handle(first)
    assert window.take() is None
    assert window.receive(event("/data/ChangeEvents", 2), 2, None, "t2")
    assert window.take() == Handled(1, first)


def test_who_begins_within_a_transaction_gets_all_of_it() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t2", "t2", "t3")
    for each in events[:2]:
        window.handle(each)
    assert window.take() == Handled(1, events[0])
    assert window.position == 2
    window.close()
    assert window.ask() == 1
    assert window.receive(event("/data/ChangeEvents", 2), 2, None, "t2")  # handled, and to be handled again
    assert window.take() is None
    assert not window.receive(event("/data/ChangeEvents", 1), 1, None, "t1")  # handled for good


def test_a_lost_session_within_a_transaction_repeats_nothing() -> None:
    window = _of_transactions()
    events = _transactions(window, "t1", "t1")
    window.handle(events[0])
    assert window.ask() == 1
    assert not window.receive(event("/data/ChangeEvents", 2), 2, None, "t1")
    third = event("/data/ChangeEvents", 3)
    assert window.receive(third, 3, None, "t1")
    for each in (events[1], third):
        assert window.handle(each) is Progress.NONE
