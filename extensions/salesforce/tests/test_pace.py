from __future__ import annotations

from random import Random

import pytest

from pybayeux_salesforce.pace import Pace


class _NoChance(Random):
    def random(self) -> float:
        return 0.0


def _waits(pace: Pace, of: str, times: list[float]) -> list[float]:
    return [pace.next(of, now) for now in times]


def test_waits_double_while_failures_come_in_a_row_and_stop_growing() -> None:
    pace = Pace(300, 3600, _NoChance())
    assert _waits(pace, "session", [0, 300, 900, 2100, 4500, 8100, 11700]) == [300, 600, 1200, 2400, 3600, 3600, 3600]


def test_what_has_lasted_twice_the_wait_had_recovered() -> None:
    pace = Pace(100, 1000, _NoChance())
    assert _waits(pace, "session", [0, 200, 601, 701]) == [100, 200, 100, 200]


def test_each_thing_has_a_pace_of_its_own() -> None:
    pace = Pace(100, 1000, _NoChance())
    assert [pace.next(name, 0) for name in ("/event/A__e", "/event/B__e", "/event/A__e")] == [100, 100, 200]


def test_chance_takes_off_up_to_a_fifth() -> None:
    waits = [Pace(100, 1000, Random(seed)).next("session", 0) for seed in range(200)]
    assert all(80 <= wait <= 100 for wait in waits)
    assert max(waits) - min(waits) > 15


@pytest.mark.parametrize(("first", "longest"), [(0, 10), (-1, 10), (20, 10)])
def test_times_that_make_no_sense_are_refused(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="write the shorter one first"):
        Pace(first, longest)
