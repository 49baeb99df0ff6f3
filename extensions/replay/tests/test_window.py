from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.simulation import event
from pybayeux_replay import window as window_module
from pybayeux_replay.commit import Grouping
from pybayeux_replay.handled import Handled
from pybayeux_replay.position import EARLIEST, LATEST
from pybayeux_replay.window import Progress, Window

if TYPE_CHECKING:
    from pybayeux import Message


def test_begins_at_the_start_given_until_something_is_handled() -> None:
    window = Window("/orders", EARLIEST)
    assert window.ask() == EARLIEST
    first = event("/orders", 7)
    assert window.receive(first, 7)
    assert window.ask() == EARLIEST
    assert window.handle(first) is Progress.MOVED
    assert window.ask() == 7


def test_begins_at_a_position_kept_whatever_the_start() -> None:
    assert Window("/orders", LATEST, 12).ask() == 12


def test_latest_means_after_the_newest_received_once_something_was_received() -> None:
    window = Window("/orders", LATEST)
    window.ask()
    resumable = [window.can_resume]
    for replay_id in (3, 9):
        window.receive(event("/orders", replay_id), replay_id)
        resumable.append(window.can_resume)
    assert resumable == [False, True, True]
    assert window.ask() == 9


def test_what_waits_when_it_is_asked_for_again_is_a_repeat() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    for replay_id in (1, 2):
        window.receive(event("/orders", replay_id), replay_id)
    window.ask()
    assert not window.receive(event("/orders", 1), 1)
    assert not window.receive(event("/orders", 2), 2)
    assert window.receive(event("/orders", 3), 3)


def test_a_repeat_is_one_even_if_it_was_handled_meanwhile() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.ask()
    window.handle(first)
    assert not window.receive(event("/orders", 1), 1)


def test_the_same_id_on_another_channel_is_another_event() -> None:
    window = Window("/orders/*", EARLIEST)
    window.ask()
    window.receive(event("/orders/a", 1), 1)
    window.ask()
    assert window.receive(event("/orders/b", 1), 1)


def test_what_was_not_handled_is_new_again_after_an_unsubscribe() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.close()
    assert window.handle(first) is Progress.MOVED  # it was being handled while the receiver left
    closed = window.closed
    assert window.ask() == 1
    assert (closed, window.closed) == (True, False)
    assert window.receive(event("/orders", 2), 2)
    assert window.handle(second) is Progress.NONE


def test_a_refused_position_begins_another_numbering() -> None:
    window = Window("/orders", LATEST, 100)
    window.ask()
    late = event("/orders", 101)
    window.receive(late, 101)
    window.restart(EARLIEST)
    assert window.position is None
    assert window.ask() == EARLIEST
    fresh = event("/orders", 101)  # not the one that waits: it has that number by chance
    assert window.receive(fresh, 101)
    assert window.handle(late) is Progress.NONE
    assert window.position is None
    assert window.handle(fresh) is Progress.MOVED
    assert window.position == 101


def test_an_older_event_does_not_move_the_position_back_within_a_session() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    for replay_id, moves in ((8, Progress.MOVED), (3, Progress.NONE), (9, Progress.MOVED)):
        message = event("/orders", replay_id)
        window.receive(message, replay_id)
        assert window.handle(message) is moves
    assert window.position == 9
    window.ask()
    message = event("/orders", 4)
    window.receive(message, 4)
    assert window.handle(message) is Progress.MOVED
    assert window.position == 4


def test_the_position_waits_for_every_channel_of_a_wildcard() -> None:
    window = Window("/orders/*", EARLIEST)
    window.ask()
    first, second, third = event("/orders/a", 1), event("/orders/b", 2), event("/orders/a", 3)
    for replay_id, message in ((1, first), (2, second), (3, third)):
        window.receive(message, replay_id)
    positions = []
    for message in (first, third, second):
        window.handle(message)
        positions.append(window.position)
    assert positions == [1, 1, 3]


def _with_a_gap() -> Window:
    """A window in which the second of three events is passed over."""
    window = Window("/orders", EARLIEST)
    window.ask()
    events = [event("/orders", replay_id) for replay_id in (1, 2, 3)]
    for replay_id, message in enumerate(events, 1):
        window.receive(message, replay_id)
    window.handle(events[0])
    assert window.handle(events[2]) is Progress.GAP
    return window


def test_an_event_that_nobody_will_handle_has_to_come_again() -> None:
    window = _with_a_gap()
    assert window.position == 1
    assert window.ask() == 1
    assert window.receive(event("/orders", 2), 2)


def test_an_event_that_is_passed_over_again_is_let_go() -> None:
    window = _with_a_gap()
    window.ask()
    second, third = event("/orders", 2), event("/orders", 3)
    window.receive(second, 2)
    window.receive(third, 3)
    assert window.handle(third) is Progress.MOVED
    assert window.position == 3


def test_where_the_server_cannot_begin_before_it_an_event_is_let_go_at_once() -> None:
    window = Window("/orders", LATEST)
    window.ask()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    assert window.handle(second) is Progress.MOVED
    assert window.position == 2


def test_what_is_handled_after_the_unsubscribe_does_not_pass_over_what_was_given_up() -> None:
    window = Window("/orders", LATEST, 0)
    window.ask()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.close()
    assert window.handle(second) is Progress.NONE
    assert window.ask() == 0


def test_an_event_that_is_not_noted_moves_nothing() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    assert window.handle(event("/orders", 1)) is Progress.NONE


def _overfilled() -> tuple[Window, list[Message]]:
    """A window that has noted the first two of four events, and its handled events before are none."""
    window = Window("/orders/*", EARLIEST)
    window.ask()
    events = [event(f"/orders/{name}", number) for number, name in enumerate("abab", 1)]
    assert [window.receive(each, each.data["event"]["replayId"]) for each in events] == [True] * 4
    return window, events


def test_more_than_a_client_queues_is_delivered_and_the_position_stays_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(window_module, "_MOST", 2)
    window, events = _overfilled()
    assert window.handle(events[3]) is Progress.NONE
    assert window.handle(events[0]) is Progress.MOVED
    assert not window.is_handled
    later = event("/orders/a", 5)
    assert window.receive(later, 5)  # there is room, but what came before is not noted
    assert window.handle(later) is Progress.NONE
    assert window.position == 1
    assert window.handle(events[1]) is Progress.GAP  # all that was noted is handled: time to ask again
    assert window.position == 2
    assert window.ask() == 2
    assert window.lost_track
    assert window.receive(event("/orders/a", 3), 3)
    assert window.is_handled is False


@pytest.mark.parametrize("is_closed", [False, True])
def test_where_nothing_can_come_again_nothing_is_asked_for(is_closed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_module, "_MOST", 1)
    window = Window("/orders", EARLIEST, resumes=is_closed)
    window.ask()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    if is_closed:
        window.close()
    assert window.handle(first) is Progress.MOVED
    assert window.position == 1


def test_where_nothing_is_to_come_again_what_is_passed_over_is_let_go() -> None:
    window = Window("/orders", EARLIEST, resumes=False)
    window.ask()
    assert not window.can_resume
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    assert window.handle(second) is Progress.MOVED
    assert window.position == 2


def test_another_place_than_its_own_can_be_asked_for() -> None:
    window = Window("/orders", EARLIEST, 7)
    assert window.ask(LATEST) == LATEST
    assert window.asked == LATEST
    assert window.ask() == 7


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


# -- what else is told


def test_what_is_next_and_whether_everything_is_handled() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    assert window.is_handled
    first, second = event("/orders", 1), event("/orders", 2)
    assert not window.is_next(first)
    window.receive(first, 1)
    window.receive(second, 2)
    assert (window.is_next(first), window.is_next(second), window.is_handled) == (True, False, False)
    window.handle(first)
    assert window.is_next(second)
    window.handle(second)
    assert window.is_handled


def test_replay_ids_mean_something_in_one_numbering() -> None:
    window = Window("/orders", EARLIEST)
    numbered = [window.is_numbered]
    window.receive(event("/orders", 1), 1)
    numbered.append(window.is_numbered)
    assert numbered == [False, True]
    assert Window("/orders", 17).is_numbered
    assert Window("/orders", LATEST, 17).is_numbered


def test_track_is_lost_with_what_waited_when_it_was_given_up() -> None:
    window = Window("/orders", EARLIEST)
    window.ask()
    window.close()
    window.ask()
    assert not window.lost_track
    window.receive(event("/orders", 1), 1)
    window.close()
    window.ask()
    assert window.lost_track


def test_who_numbers_the_events_is_kept_with_the_position() -> None:
    window = Window("/orders", EARLIEST)
    window.origin = "org/1"
    window.ask()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.handle(first)
    assert window.take() == Handled(1, first, "org/1")
