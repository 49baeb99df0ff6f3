from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from extensions.replay.tests.simulation import event
from pybayeux_replay import Gap, GapReason, Position
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.position import EARLIEST, LATEST, Place
from pybayeux_replay.resumption import ReplayContext, Resumption, UnusablePosition

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STORED = Position(17, NOON - 5 * HOUR, event_time=NOON - 6 * HOUR, org="org/1")


def _resumption(stored: Position | None = None, **options: Any) -> Resumption:
    return Resumption("/orders", Policies(**options), stored, grouping=Grouping.EACH, remembered=10)


def _context(hours: float = 0, *, origin: str | None = None, announced: bool = True) -> ReplayContext:
    return ReplayContext(NOON + hours * HOUR, origin, announced)


def test_it_begins_after_the_stored_position_or_at_the_place_set() -> None:
    resumption = _resumption(STORED)
    assert resumption.on_subscribe(_context(), STORED) == resumption.asked == 17
    assert _resumption(since="earliest").on_subscribe(_context(), None) == EARLIEST
    assert _resumption(Position(-1, NOON), since="earliest").on_subscribe(_context(), None) == LATEST
    assert _resumption(Position(-2, NOON)).on_subscribe(_context(), None) == EARLIEST


@pytest.mark.parametrize("origin", [None, "org/1"])
def test_a_position_of_this_org_is_used(origin: str | None) -> None:
    resumption = _resumption(STORED)
    assert resumption.on_subscribe(_context(origin=origin), STORED) == 17
    assert resumption.on_granted(_context()) is None
    assert resumption.window.origin == "org/1"


def test_a_position_of_another_org_is_a_gap_at_any_place() -> None:
    choices: dict[Place, int] = {"earliest": EARLIEST, "latest": LATEST}
    for choice, place in choices.items():
        resumption = _resumption(STORED, on_invalid=choice, retention=100 * HOUR)
        assert resumption.on_subscribe(_context(origin="org/2"), STORED) == place
        assert resumption.on_granted(_context()) == Gap("/orders", GapReason.FOREIGN, STORED, 6 * HOUR, choice)
        assert resumption.window.origin == "org/2"
        assert resumption.on_granted(_context()) is None


def test_a_position_of_another_org_is_refused_each_time_if_the_policy_is_to_raise() -> None:
    resumption = _resumption(STORED, on_invalid="raise")
    for _ in range(2):
        with pytest.raises(UnusablePosition, match="/orders: position 17 is of another org"):
            resumption.on_subscribe(_context(origin="org/2"), STORED)


def test_a_session_that_is_lost_before_the_grant_changes_nothing() -> None:
    resumption = _resumption(STORED, on_invalid="latest")
    resumption.on_subscribe(_context(), STORED)
    assert resumption.on_refused(_context(), STORED)
    for _ in range(2):
        assert resumption.on_subscribe(_context(1), STORED) == LATEST
    gap = resumption.on_granted(_context(1))
    assert gap is not None
    assert (gap.reason, gap.resumes_at) == (GapReason.EXPIRED, "latest")


def test_a_refused_fallback_is_an_error_for_the_subscriber() -> None:
    resumption = _resumption(STORED)
    resumption.on_subscribe(_context(), STORED)
    assert resumption.on_refused(_context(), STORED)
    resumption.on_subscribe(_context(), STORED)
    assert not resumption.on_refused(_context(), STORED)
    assert resumption.gave_up


def test_without_a_position_a_refusal_is_left_to_the_subscriber() -> None:
    resumption = _resumption()
    resumption.on_subscribe(_context(), None)
    assert not resumption.on_refused(_context(), None)
    assert not resumption.gave_up


@pytest.mark.parametrize(
    ("stored", "retention", "age"),
    [
        (Position(17, NOON, event_time=NOON - HOUR), 2 * HOUR, HOUR),
        (Position(17, NOON, event_time=NOON), 72 * HOUR, 0 * HOUR),
        (Position(17, NOON - HOUR), 2 * HOUR, HOUR),  # the age of its event is not known
        (Position(17, NOON, event_time=NOON - HOUR), None, HOUR),
    ],
)
def test_a_refused_position_is_always_a_gap_however_young_it_is(
    stored: Position, retention: timedelta | None, age: timedelta
) -> None:
    resumption = _resumption(stored, retention=retention)
    assert resumption.on_subscribe(_context(), stored) == 17
    assert resumption.on_refused(_context(), stored)
    assert resumption.on_subscribe(_context(), stored) == EARLIEST
    assert resumption.on_granted(_context()) == Gap("/orders", GapReason.EXPIRED, stored, age, "earliest")


def test_a_position_whose_event_is_older_than_the_server_keeps_is_not_tried_however_late_it_was_stored() -> None:
    stored = Position(17, NOON, event_time=NOON - 3 * HOUR)
    assert _resumption(stored, retention=2 * HOUR).on_subscribe(_context(), stored) == EARLIEST
    unknown = Position(17, NOON - 3 * HOUR)
    assert _resumption(unknown, retention=2 * HOUR).on_subscribe(_context(), unknown) == EARLIEST
    fresh = Position(17, NOON - HOUR)
    assert _resumption(fresh, retention=2 * HOUR).on_subscribe(_context(), fresh) == 17


def test_a_session_without_events_does_not_shorten_a_gap() -> None:
    resumption = _resumption(STORED, retention=100 * HOUR)
    resumption.on_subscribe(_context(), STORED)
    resumption.on_granted(_context())
    live = [resumption.is_live]
    resumption.on_subscribe(_context(5), STORED)
    assert [*live, resumption.is_live] == [True, False]
    assert resumption.on_refused(_context(5), STORED)
    assert resumption.on_subscribe(_context(5), STORED) == EARLIEST
    assert resumption.on_granted(_context(5)) == Gap("/orders", GapReason.EXPIRED, STORED, 11 * HOUR, "earliest")


@pytest.mark.parametrize(
    ("retention", "gaps"), [(3 * HOUR, [4]), (HOUR, [2, 4]), (HOUR / 2, [1, 2, 3, 4, 5]), (None, [1, 2, 3, 4, 5])]
)
def test_without_an_event_there_is_no_gap_until_one_may_be_deleted_that_was_published_since_the_first_grant(
    retention: timedelta | None, gaps: list[int]
) -> None:
    resumption, found = _resumption(since="earliest", retention=retention), []
    for hour in range(6):
        assert resumption.on_subscribe(_context(hour), None) == EARLIEST
        if resumption.on_granted(_context(hour)) is not None:
            found.append(hour)
    assert found == gaps


def test_events_that_were_given_up_are_in_a_gap() -> None:
    resumption = _resumption(since="earliest", retention=2 * HOUR)
    resumption.on_subscribe(_context(), None)
    resumption.on_granted(_context())
    resumption.window.receive(event("/orders", 18), 18)
    resumption.window.restart(EARLIEST)
    resumption.on_subscribe(_context(1), None)
    assert resumption.on_granted(_context(1)) is not None


RENUMBERED = "org@host@NA2"


@pytest.mark.parametrize("origin", ["org@host", "org@host@", "org@host@NA1", None])
def test_an_instance_that_cannot_be_read_is_taken_for_the_one_that_was_read_last(origin: str | None) -> None:
    stored = Position(17, NOON, org="org@host@NA1")
    resumption = _resumption(stored)
    assert resumption.on_subscribe(_context(origin=origin), stored) == 17
    assert resumption.on_granted(_context()) is None
    assert resumption.window.origin == "org@host@NA1"
    assert resumption.on_subscribe(_context(origin=RENUMBERED), stored) == EARLIEST
    gap = resumption.on_granted(_context(origin=RENUMBERED))
    assert gap is not None
    assert gap.reason is GapReason.FOREIGN
    assert resumption.window.origin == RENUMBERED


def test_a_position_of_an_earlier_version_learns_the_name_of_the_instance() -> None:
    stored = Position(17, NOON, org="org@host")
    resumption = _resumption(stored)
    assert resumption.on_subscribe(_context(origin="org@host@NA1"), stored) == 17
    assert resumption.on_granted(_context()) is None
    assert resumption.window.origin == "org@host@NA1"


def test_a_recovery_with_new_events_is_a_gap_and_the_first_start_is_not() -> None:
    resumption = _resumption(STORED, on_recovery="latest")
    assert resumption.on_subscribe(_context(), STORED) == 17
    assert resumption.on_granted(_context()) is None
    assert resumption.on_subscribe(_context(1), STORED) == LATEST
    assert resumption.on_granted(_context(1)) == Gap("/orders", GapReason.SKIPPED, STORED, 7 * HOUR, "latest")
    resumption.close()
    assert resumption.on_subscribe(_context(3), STORED) == 17  # another receiver
    assert resumption.on_granted(_context(3)) is None


def test_without_replay_there_is_no_gap() -> None:
    resumption = _resumption()
    for _ in range(2):
        assert resumption.on_subscribe(_context(announced=False), None) == LATEST
        assert resumption.on_granted(_context(announced=False)) is None


@pytest.mark.parametrize(
    ("options", "announced", "is_received", "expected"),
    [
        ({"since": "earliest"}, True, False, True),
        ({"since": "earliest"}, False, False, False),
        ({"since": "earliest"}, False, True, True),
        ({}, True, False, False),
        ({}, True, True, True),
        ({"since": "earliest", "on_recovery": "latest"}, True, True, False),
    ],
)
def test_whether_the_server_certainly_sends_again(
    options: dict[str, Any], announced: bool, is_received: bool, expected: bool
) -> None:
    resumption, context = _resumption(**options), _context(announced=announced)
    resumption.on_subscribe(context, None)
    if is_received:
        resumption.window.receive(event("/orders", 18), 18)
    assert resumption.can_resume(context) is expected
    resumption.is_unnumbered = True
    assert not resumption.can_resume(context)
