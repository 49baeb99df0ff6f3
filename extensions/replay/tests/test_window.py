from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.replay.tests.simulation import event
from pybayeux_replay import window as window_module
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.position import EARLIEST, LATEST, PendingPosition
from pybayeux_replay.window import Progress, Window

if TYPE_CHECKING:
    from pybayeux import Message


def test_it_begins_at_the_start_until_an_event_is_handled() -> None:
    window = Window("/orders", EARLIEST)
    assert window.on_subscribe() == EARLIEST
    first = event("/orders", 7)
    assert window.receive(first, 7)
    assert window.on_subscribe() == EARLIEST
    assert window.handle(first) is Progress.MOVED
    assert window.on_subscribe() == 7


def test_it_begins_at_a_stored_position_whatever_the_start() -> None:
    assert Window("/orders", LATEST, 12).on_subscribe() == 12


def test_latest_means_after_the_last_received_event_if_there_is_one() -> None:
    window = Window("/orders", LATEST)
    window.on_subscribe()
    resumable = [window.can_resume]
    for replay_id in (3, 9):
        window.receive(event("/orders", replay_id), replay_id)
        resumable.append(window.can_resume)
    assert resumable == [False, True, True]
    assert window.on_subscribe() == 9


def test_a_waiting_event_is_a_repeat_after_another_subscribe() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    for replay_id in (1, 2):
        window.receive(event("/orders", replay_id), replay_id)
    window.on_subscribe()
    assert not window.receive(event("/orders", 1), 1)
    assert not window.receive(event("/orders", 2), 2)
    assert window.receive(event("/orders", 3), 3)


def test_a_repeat_is_one_even_if_it_was_handled_in_the_meantime() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.on_subscribe()
    window.handle(first)
    assert not window.receive(event("/orders", 1), 1)


def test_the_same_id_on_another_channel_is_another_event() -> None:
    window = Window("/orders/*", EARLIEST)
    window.on_subscribe()
    window.receive(event("/orders/a", 1), 1)
    window.on_subscribe()
    assert window.receive(event("/orders/b", 1), 1)


def test_an_unhandled_event_is_new_again_after_an_unsubscribe() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.close()
    assert window.handle(first) is Progress.MOVED  # it was being handled while the receiver left
    closed = window.closed
    assert window.on_subscribe() == 1
    assert (closed, window.closed) == (True, False)
    assert window.receive(event("/orders", 2), 2)
    assert window.handle(second) is Progress.NONE


def test_a_refused_position_starts_another_numbering() -> None:
    window = Window("/orders", LATEST, 100)
    window.on_subscribe()
    late = event("/orders", 101)
    window.receive(late, 101)
    window.restart(EARLIEST)
    assert window.position is None
    assert window.on_subscribe() == EARLIEST
    fresh = event("/orders", 101)  # not the one that waits: it has that number by chance
    assert window.receive(fresh, 101)
    assert window.handle(late) is Progress.NONE
    assert window.position is None
    assert window.handle(fresh) is Progress.MOVED
    assert window.position == 101


def test_an_older_event_does_not_move_the_position_back_within_a_session() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    for replay_id, moves in ((8, Progress.MOVED), (3, Progress.NONE), (9, Progress.MOVED)):
        message = event("/orders", replay_id)
        window.receive(message, replay_id)
        assert window.handle(message) is moves
    assert window.position == 9
    window.on_subscribe()
    message = event("/orders", 4)
    window.receive(message, 4)
    assert window.handle(message) is Progress.MOVED
    assert window.position == 4


def test_the_position_waits_for_every_channel_of_a_wildcard() -> None:
    window = Window("/orders/*", EARLIEST)
    window.on_subscribe()
    first, second, third = event("/orders/a", 1), event("/orders/b", 2), event("/orders/a", 3)
    for replay_id, message in ((1, first), (2, second), (3, third)):
        window.receive(message, replay_id)
    positions = []
    for message in (first, third, second):
        window.handle(message)
        positions.append(window.position)
    assert positions == [1, 1, 3]


@given(st.permutations(range(8)), st.lists(st.integers(1, 4), min_size=8, max_size=8), st.sampled_from(Grouping))
def test_events_that_are_handled_together_count_as_one_after_the_other(
    order: list[int], sizes: list[int], grouping: Grouping
) -> None:
    alone, together = (Window("/**", EARLIEST, grouping=grouping, remembered=10) for _ in range(2))
    events = [event(f"/orders/{number % 3}", number) for number in range(8)]
    for number, each in enumerate(events):
        assert alone.receive(each, number, None, str(number // 3))
        assert together.receive(each, number, None, str(number // 3))
    handled = [events[number] for number in order]
    for size in sizes:
        run, handled = handled[:size], handled[size:]
        progress = [alone.handle(each) for each in run]
        needs_replay = together.handle_all(run) is Progress.NEEDS_REPLAY
        assert needs_replay is (Progress.NEEDS_REPLAY in progress)
        assert together.commits.take() == alone.commits.take()
        assert (together.position, together.unhandled) == (alone.position, alone.unhandled)


def _with_a_gap() -> Window:
    """A window in which the second of three events was passed over."""
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    events = [event("/orders", replay_id) for replay_id in (1, 2, 3)]
    for replay_id, message in enumerate(events, 1):
        window.receive(message, replay_id)
    window.handle(events[0])
    assert window.handle(events[2]) is Progress.NEEDS_REPLAY
    return window


def test_an_event_that_was_passed_over_has_to_come_again() -> None:
    window = _with_a_gap()
    assert window.position == 1
    assert window.on_subscribe() == 1
    assert window.receive(event("/orders", 2), 2)


def test_an_event_that_is_passed_over_again_is_let_go() -> None:
    window = _with_a_gap()
    window.on_subscribe()
    second, third = event("/orders", 2), event("/orders", 3)
    window.receive(second, 2)
    window.receive(third, 3)
    assert window.handle(third) is Progress.MOVED
    assert window.position == 3


def test_an_event_is_let_go_at_once_if_the_server_cannot_begin_before_it() -> None:
    window = Window("/orders", LATEST)
    window.on_subscribe()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    assert window.handle(second) is Progress.MOVED
    assert window.position == 2


def test_an_event_handled_after_the_unsubscribe_does_not_pass_over_forgotten_ones() -> None:
    window = Window("/orders", LATEST, 0)
    window.on_subscribe()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.close()
    assert window.handle(second) is Progress.NONE
    assert window.on_subscribe() == 0


def test_an_event_that_is_not_noted_moves_nothing() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    assert window.handle(event("/orders", 1)) is Progress.NONE


def _overfilled() -> tuple[Window, list[Message]]:
    """A window that has noted the first two of four events, none of which is handled."""
    window = Window("/orders/*", EARLIEST)
    window.on_subscribe()
    events = [event(f"/orders/{name}", number) for number, name in enumerate("abab", 1)]
    assert [window.receive(each, each.data["event"]["replayId"]) for each in events] == [True] * 4
    return window, events


def test_more_than_a_client_queues_is_delivered_and_the_position_stays_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(window_module, "_MAX_UNHANDLED", 2)
    window, events = _overfilled()
    assert window.handle(events[3]) is Progress.NONE
    assert window.handle(events[0]) is Progress.MOVED
    assert not window.is_handled
    later = event("/orders/a", 5)
    assert window.receive(later, 5)  # there is room, but what came before is not noted
    assert window.handle(later) is Progress.NONE
    assert window.position == 1
    assert window.handle(events[1]) is Progress.NEEDS_REPLAY  # all that was noted is handled: time to ask again
    assert window.position == 2
    assert window.on_subscribe() == 2
    assert window.lost_track
    assert window.receive(event("/orders/a", 3), 3)
    assert window.is_handled is False


@pytest.mark.parametrize("is_closed", [False, True])
def test_if_nothing_can_come_again_nothing_is_asked_for(is_closed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_module, "_MAX_UNHANDLED", 1)
    window = Window("/orders", EARLIEST, resumes=is_closed)
    window.on_subscribe()
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    if is_closed:
        window.close()
    assert window.handle(first) is Progress.MOVED
    assert window.position == 1


def test_if_nothing_is_to_come_again_a_passed_over_event_is_let_go() -> None:
    window = Window("/orders", EARLIEST, resumes=False)
    window.on_subscribe()
    assert not window.can_resume
    first, second = event("/orders", 1), event("/orders", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    assert window.handle(second) is Progress.MOVED
    assert window.position == 2


def test_another_place_than_its_own_can_be_asked_for() -> None:
    window = Window("/orders", EARLIEST, 7)
    assert window.on_subscribe(LATEST) == LATEST
    assert window.on_subscribe() == 7


# -- other questions


def test_what_is_next_and_whether_everything_is_handled() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    assert window.is_handled
    first, second = event("/orders", 1), event("/orders", 2)
    assert not window.are_next([first])
    window.receive(first, 1)
    window.receive(second, 2)
    assert (window.are_next([first]), window.are_next([second]), window.is_handled) == (True, False, False)
    window.handle(first)
    assert window.are_next([second])
    window.handle(second)
    assert window.is_handled


def test_whether_a_window_holds_replay_ids() -> None:
    window = Window("/orders", EARLIEST)
    numbered = [window.is_numbered]
    window.receive(event("/orders", 1), 1)
    numbered.append(window.is_numbered)
    assert numbered == [False, True]
    assert Window("/orders", 17).is_numbered
    assert Window("/orders", LATEST, 17).is_numbered


def test_forgetting_waiting_events_loses_track() -> None:
    window = Window("/orders", EARLIEST)
    window.on_subscribe()
    window.close()
    window.on_subscribe()
    assert not window.lost_track
    window.receive(event("/orders", 1), 1)
    window.close()
    window.on_subscribe()
    assert window.lost_track


def test_the_origin_is_kept_with_the_position() -> None:
    window = Window("/orders", EARLIEST)
    window.origin = "org/1"
    window.on_subscribe()
    first = event("/orders", 1)
    window.receive(first, 1)
    window.handle(first)
    assert window.commits.take() == PendingPosition(1, first, "org/1")


def test_an_event_that_was_handled_otherwise_moves_the_position_in_its_place() -> None:
    window = Window("/a", EARLIEST, remembered=10)
    window.on_subscribe()
    events = [event("/a", replay_id) for replay_id in range(1, 5)]
    for replay_id, each in enumerate(events, 1):
        window.receive(each, replay_id)
    window.pass_over(events[1])
    window.pass_over(events[3])
    assert (window.position, window.is_handled) == (None, False)
    assert window.handle(events[0]) is Progress.MOVED
    assert (window.position, window.is_handled) == (2, False)
    assert window.handle(events[2]) is Progress.MOVED
    assert (window.position, window.is_handled) == (4, True)
    assert window.commits.take() == PendingPosition(4, events[3])
    window.on_subscribe()
    assert not window.receive(event("/a", 4), 4)
