from __future__ import annotations

import pytest

from pybayeux.cli.watch.figures import Lags, LagSummary, Rate


def test_a_rate_is_that_of_the_window() -> None:
    rate = Rate(1000.0)
    for tenth in range(600):  # ten a second for a minute
        rate.add(1000.0 + tenth / 10)
    assert rate.per_second(1059.95, 10) == pytest.approx(10)
    assert rate.per_second(1059.95, 60) == pytest.approx(10, rel=0.02)
    assert rate.per_second(1069.0, 10) == pytest.approx(0)
    assert rate.per_second(1200.0, 60) == 0


def test_a_rate_that_has_just_begun_is_over_a_second_at_least() -> None:
    rate = Rate(1000.0)
    rate.add(1000.0)
    assert rate.per_second(1000.1, 10) == 1
    rate.add(1001.0)
    assert rate.per_second(1004.0, 60) == 0.5


def test_seconds_without_events_take_no_place() -> None:
    rate = Rate(0.0)
    for second in range(0, 1000, 100):
        rate.add(float(second))
    assert rate.per_second(900.0, 10) == pytest.approx(0.1)


def test_lags_are_of_the_last_minute() -> None:
    lags = Lags()
    assert lags.summary(1000.0) is None
    for at, created in ((1000.0, 900.0), (1050.0, 1049.0), (1055.0, 1052.0), (1056.0, 1056.5)):
        lags.add(at, created)
    assert lags.summary(1061.0) == LagSummary(last=-0.5, median=1.0, highest=3.0)
    assert lags.summary(1200.0) is None
