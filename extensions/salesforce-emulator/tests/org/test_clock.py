from __future__ import annotations

import pytest

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.org.clock import OrgClock


def test_clock_runs_faster_and_can_be_moved() -> None:
    wall = Clock()
    started = wall.now
    clock = OrgClock(wall, 60)
    assert clock.now() == started
    wall.now += 1
    assert clock.now() == started + 60
    clock.advance(3600)
    assert clock.now() == started + 3660
    assert clock.wall() == started + 1


def test_durations_and_times_in_real_time() -> None:
    wall = Clock()
    clock = OrgClock(wall, 60)
    clock.advance(1000)
    assert clock.outside(60) == 1
    assert clock.inside(1) == 60
    assert clock.wall_of(clock.now() + 120) == wall.now + 2


def test_clock_cannot_go_back() -> None:
    with pytest.raises(ValueError, match="got -2"):
        OrgClock(Clock(), 1).advance(-2)
