from __future__ import annotations

from core.tests.virtual_time import in_virtual_time, now
from pybayeux._client.pacing import AttemptPacer, pace


def test_attempts_at_one_moment_are_spread_and_single_ones_stay() -> None:
    pacer = AttemptPacer(10)
    assert pacer.reserve(5.03, 5.0) == 5.03
    assert [round(pacer.reserve(5.0, 5.0), 2) for _ in range(3)] == [5.1, 5.2, 5.3]
    assert pacer.reserve(7.0, 5.0) == 7.0
    assert round(pacer.reserve(5.0, 5.0), 2) == 5.4


def test_what_is_past_is_forgotten() -> None:
    pacer = AttemptPacer(10)
    for second in range(1000):
        assert pacer.reserve(float(second), float(second)) == second
    assert len(pacer._taken) < 5


@in_virtual_time
async def test_a_loop_with_a_clock_of_its_own_has_its_own_pace() -> None:
    first = pace(now(), now())
    assert first == now()
    assert pace(now(), now()) > first
