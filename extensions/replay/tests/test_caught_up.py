from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pybayeux_replay.caught_up import CaughtUpDetector

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_connect_that_was_held_without_an_event_says_that_nothing_waited_when_it_was_sent() -> None:
    detector = CaughtUpDetector()
    assert detector.quiet_until is None
    detector.on_connect(_at(0))
    assert detector.quiet_until is None
    detector.on_connect_reply(_at(30))
    assert detector.quiet_until == _at(0)


def test_one_that_is_answered_at_once_says_nothing() -> None:
    detector = CaughtUpDetector()
    detector.on_connect(_at(0))
    detector.on_connect_reply(_at(0.2))
    assert detector.quiet_until is None


def test_an_event_before_or_after_the_answer_takes_it_back() -> None:
    detector = CaughtUpDetector()
    detector.on_connect(_at(0))
    detector.event_seen = True
    detector.on_connect_reply(_at(30))
    assert detector.quiet_until is None
    detector.on_connect(_at(30))
    detector.on_connect_reply(_at(60))
    assert detector.quiet_until == _at(30)
    detector.event_seen = True
    assert detector.quiet_until is None


def test_the_last_quiet_moment_stays() -> None:
    detector = CaughtUpDetector()
    for start in (0, 30):
        detector.on_connect(_at(start))
        detector.on_connect_reply(_at(start + 30))
    detector.on_connect(_at(60))
    assert detector.quiet_until == _at(30)
    detector.event_seen = True
    detector.on_connect_reply(_at(90))
    assert detector.quiet_until == _at(30)
    detector.on_connect(_at(90))  # and it was never answered
    detector.on_connect(_at(120))
    assert detector.quiet_until == _at(30)


def test_an_answer_to_nothing_says_nothing() -> None:
    detector = CaughtUpDetector()
    detector.on_connect_reply(_at(30))
    assert detector.quiet_until is None
