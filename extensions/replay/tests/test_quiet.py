from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pybayeux_replay.quiet import Quiet

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_connect_that_was_held_without_an_event_says_that_nothing_waited_when_it_was_sent() -> None:
    quiet = Quiet()
    assert quiet.until is None
    quiet.connect(_at(0))
    assert quiet.until is None
    quiet.answered(_at(30))
    assert quiet.until == _at(0)


def test_one_that_is_answered_at_once_says_nothing() -> None:
    quiet = Quiet()
    quiet.connect(_at(0))
    quiet.answered(_at(0.2))
    assert quiet.until is None


def test_an_event_before_or_after_the_answer_takes_it_back() -> None:
    quiet = Quiet()
    quiet.connect(_at(0))
    quiet.disturbed = True
    quiet.answered(_at(30))
    assert quiet.until is None
    quiet.connect(_at(30))
    quiet.answered(_at(60))
    assert quiet.until == _at(30)
    quiet.disturbed = True
    assert quiet.until is None


def test_the_last_quiet_moment_stays() -> None:
    quiet = Quiet()
    for start in (0, 30):
        quiet.connect(_at(start))
        quiet.answered(_at(start + 30))
    quiet.connect(_at(60))
    assert quiet.until == _at(30)
    quiet.disturbed = True
    quiet.answered(_at(90))
    assert quiet.until == _at(30)
    quiet.connect(_at(90))  # and it was never answered
    quiet.connect(_at(120))
    assert quiet.until == _at(30)


def test_an_answer_to_nothing_says_nothing() -> None:
    quiet = Quiet()
    quiet.answered(_at(30))
    assert quiet.until is None
