"""What is counted as lost, twice and out of order, and when a client has recovered."""

from __future__ import annotations

from benchmarks.reliability.tally import Tally


def test_events_from_before_the_subscription_are_not_expected() -> None:
    tally = Tally(published={0: 1.0, 1: 2.0, 2: 3.0}, received=[(2, 3.1)], counts_from=1.5)
    assert tally.expected == {1, 2}
    assert tally.missing == {1}


def test_repetitions_and_disorder_are_told_apart() -> None:
    tally = Tally(received=[(0, 0.0), (2, 0.0), (1, 0.0), (2, 0.0), (3, 0.0), (3, 0.0)])
    assert tally.twice == 2
    assert tally.disordered == 1


def test_recovery_is_the_arrival_of_the_first_event_published_after_the_end() -> None:
    tally = Tally(published={0: 1.0, 1: 2.5, 2: 3.0}, received=[(0, 2.2), (2, 3.5), (1, 3.75)])
    assert tally.recovery(2.0) == 1.5
    assert tally.recovery(4.0) is None
