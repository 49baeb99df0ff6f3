from __future__ import annotations

from pybayeux_salesforce.diagnosis import Lifetimes


def _lives(lifetimes: Lifetimes, *spans: float) -> list[str]:
    found, now = [], 0.0
    for span in spans:
        lifetimes.began(now)
        now += span
        found.append(lifetimes.lost(now))
    return found


def test_sessions_that_are_lost_at_once_are_diagnosed_once() -> None:
    found = _lives(Lifetimes(), 0.1, 5, 0.1, 0.1, 0.1)
    assert [bool(words) for words in found] == [False, False, True, False, False]
    assert "cookies" in found[2]
    assert "proxy" in found[2]
    assert "another client" in found[2]


def test_sessions_that_live_for_hours_are_what_is_normal() -> None:
    assert _lives(Lifetimes(), *[3600.0] * 10) == [""] * 10


def test_one_that_has_lived_begins_the_count_anew() -> None:
    found = _lives(Lifetimes(), 1, 1, 3600, 1, 1, 1)
    assert [bool(words) for words in found] == [False, False, False, False, False, True]


def test_one_loss_that_is_told_several_times_counts_once() -> None:
    lifetimes = Lifetimes()
    lifetimes.began(0)
    assert [lifetimes.lost(1) for _ in range(5)] == [""] * 5
