from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pybayeux_replay import Gap, GapReason, Position

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_gap_tells_what_it_is_in_one_line() -> None:
    age = timedelta(days=3, hours=1, microseconds=7)
    gap = Gap("/event/Order__e", GapReason.EXPIRED, Position(17, NOON), age, "earliest")
    assert str(gap) == (
        "/event/Order__e: events after replay id 17 (3 days, 1:00:00 ago) may be missing (expired); "
        "going on at earliest"
    )
    assert str(Gap("/x", GapReason.SKIPPED, None, None)) == "/x: events after the beginning may be missing (skipped)"
