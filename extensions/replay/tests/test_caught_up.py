from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pybayeux_replay.caught_up import CaughtUpDetector

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_connect_held_without_an_event_shows_that_the_server_had_none_when_it_left() -> None:
    detector = CaughtUpDetector()
    assert detector.quiet_until is None
    detector.on_connect(_at(0))
    assert detector.quiet_until is None
    detector.on_connect_reply(_at(30))
    assert detector.quiet_until == _at(0)


def test_a_connect_that_is_answered_at_once_shows_nothing() -> None:
    detector = CaughtUpDetector()
    detector.on_connect(_at(0))
    detector.on_connect_reply(_at(0.2))
    assert detector.quiet_until is None


def test_an_event_before_or_after_the_reply_refutes_it() -> None:
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


def test_a_reply_without_a_connect_shows_nothing() -> None:
    detector = CaughtUpDetector()
    detector.on_connect_reply(_at(30))
    assert detector.quiet_until is None
