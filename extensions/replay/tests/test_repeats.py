from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.simulation import event
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.position import EARLIEST, PendingPosition
from pybayeux_replay.repeats import NO_REPEATS, RepeatFilter
from pybayeux_replay.window import Progress, Window

if TYPE_CHECKING:
    from pybayeux import Message


def _known(repeats: RepeatFilter, *keys: object) -> list[bool]:
    repeats.expect(())
    return [key in repeats.handled for key in keys]


def test_the_last_handled_events_are_known() -> None:
    repeats = RepeatFilter(3)
    for key in ("a", ("/x", 1), "b", "c"):
        repeats.remember(key)
    assert repeats.handled == frozenset()
    assert _known(repeats, "a", ("/x", 1), "b", "c", "d") == [False, True, True, True, False]
    repeats.remember("d")
    assert "d" not in repeats.handled  # nothing comes again unless it is asked for again


def test_memory_is_bounded() -> None:
    repeats = RepeatFilter(100)
    for number in range(10_000):
        repeats.remember(("/x", number))
    repeats.expect(())
    assert len(repeats.handled) == 100


def test_with_limit_zero_no_event_is_known() -> None:
    repeats = RepeatFilter(0)
    repeats.remember("a")
    assert _known(repeats, "a") == [False]


def test_own_ids_survive_a_new_numbering() -> None:
    repeats = RepeatFilter(3)
    for key in ("a", ("/x", 1), ("/x", 2)):
        repeats.remember(key)
    repeats.renumber()
    assert repeats.handled == {"a"}
    assert _known(repeats, "a", ("/x", 1), ("/x", 2)) == [True, False, False]
    for number in (3, 4, 5):
        repeats.remember(("/x", number))
    assert _known(repeats, "a", ("/x", 3)) == [False, True]


# -- in a window


def _with_handled(*, remembered: int = 10, grouping: Grouping = Grouping.EACH) -> tuple[Window, Message]:
    """A window that has handled the second event on one channel while the first waits on another."""
    window = Window("/orders/*", EARLIEST, remembered=remembered, grouping=grouping)
    window.on_subscribe()
    first, second = event("/orders/a", 1), event("/orders/b", 2)
    window.receive(first, 1)
    window.receive(second, 2)
    window.handle(second)
    return window, first


def test_a_handled_event_that_comes_again_is_dropped_and_counts_as_handled() -> None:
    window, _ = _with_handled()
    window.close()
    assert window.on_subscribe() == EARLIEST
    assert window.receive(event("/orders/a", 1), 1)
    assert not window.receive(event("/orders/b", 2), 2)
    fresh = event("/orders/a", 3)
    assert window.receive(fresh, 3)
    assert not window.receive(event("/orders/b", 2), 2)


def test_the_position_moves_over_events_that_were_handled_before() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.on_subscribe()
    for replay_id in (1, 2):
        each = event("/orders", replay_id)
        window.receive(each, replay_id, f"uuid-{replay_id}")
        window.handle(each)
    window.commits.take()
    window.restart(EARLIEST)
    window.on_subscribe()
    positions = [window.position]
    for replay_id, key in ((11, "uuid-1"), (12, "uuid-2")):
        assert not window.receive(event("/orders", replay_id), replay_id, key)
        positions.append(window.position)
    assert positions == [None, 11, 12]
    assert window.commits.take() == PendingPosition(12)
    assert window.is_handled


def test_no_more_than_the_limit_are_remembered() -> None:
    window, _ = _with_handled(remembered=0)
    window.close()
    window.on_subscribe()
    assert window.receive(event("/orders/b", 2), 2)


def test_an_event_that_comes_again_unasked_is_a_repeat() -> None:
    window, _ = _with_handled()
    assert not window.receive(event("/orders/b", 2), 2)
    assert not window.receive(event("/orders/a", 1), 1)
    assert window.receive(event("/orders/b", 3), 3)
    assert not window.receive(event("/orders/b", 3), 3)


def test_a_lower_id_that_never_came_is_not_a_repeat() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.on_subscribe()
    assert window.receive(event("/orders", 7), 7)
    assert window.receive(event("/orders", 5), 5)


def test_a_replay_id_of_another_numbering_is_another_event_but_an_own_id_is_not() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.on_subscribe()
    for replay_id, key in ((1, None), (2, "uuid-2")):
        each = event("/orders", replay_id)
        window.receive(each, replay_id, key)
        window.handle(each)
    window.restart(EARLIEST)
    window.on_subscribe()
    assert window.receive(event("/orders", 1), 1)
    assert not window.receive(event("/orders", 1), 1, "uuid-2")


def test_if_the_numbering_is_the_same_waiting_and_handled_events_are_known() -> None:
    window = Window("/orders", EARLIEST, remembered=10)
    window.on_subscribe()
    events = [event("/orders", replay_id) for replay_id in (1, 2, 3)]
    for replay_id, each in enumerate(events, 1):
        window.receive(each, replay_id)
    window.handle(events[0])
    window.restart(EARLIEST, is_same_numbering=True)
    assert window.on_subscribe() == EARLIEST
    assert [window.receive(event("/orders", replay_id), replay_id) for replay_id in (1, 2, 3, 4)] == [
        False,
        False,
        False,
        True,
    ]
    assert window.handle(events[1]) is Progress.MOVED
    assert not window.lost_track


def test_windows_without_events_share_a_filter_that_knows_nothing() -> None:
    event_of_none = event("/cases", 1)
    for window in (Window(name, EARLIEST, remembered=10) for name in ("/orders", "/cases")):
        window.on_subscribe()
        window.handle(event_of_none)
        window.restart(EARLIEST)
        window.close()
        window.on_subscribe()
    assert not NO_REPEATS.last_ids
    assert not NO_REPEATS.is_expecting
    assert _known(NO_REPEATS, ("/cases", 1)) == [False]
    assert window.receive(event_of_none, 1)
    assert not NO_REPEATS.last_ids
