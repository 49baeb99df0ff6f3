from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from core.tests.virtual_time import in_virtual_time, now
from pybayeux._client.clock import SessionClock


class Observed:
    """A clock, and what it found."""

    def __init__(self) -> None:
        self.fired: list[float] = []
        self.slept: list[float] = []
        self.wall = 1_000_000.0
        self.clock = SessionClock(self, lambda: self.wall + now())

    def timer_fired(self) -> None:
        self.fired.append(now())

    def machine_slept(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_before_the_start_there_is_no_silence() -> None:
    clock = Observed().clock
    assert (clock.last_heard, clock.silence) == (None, 0.0)


@in_virtual_time
async def test_silence_counts_from_the_start_then_from_what_came_last() -> None:
    clock = Observed().clock
    clock.start()
    await asyncio.sleep(3)
    assert (clock.last_heard, round(clock.silence)) == (None, 3)
    clock.server_heard()
    await asyncio.sleep(2)
    assert round(clock.silence) == 2
    assert clock.last_heard is not None
    assert abs(clock.last_heard - datetime.now(UTC)) < timedelta(minutes=1)
    clock.stop()
    clock.start()
    last_heard: object = clock.last_heard
    assert (last_heard, clock.silence) == (None, 0.0)
    clock.stop()


@in_virtual_time
async def test_the_timer_fires_at_the_moment_set_last() -> None:
    observed, begin = Observed(), now()
    observed.clock.start()
    observed.clock.wake_at(begin + 5)
    observed.clock.wake_at(begin + 2)
    observed.clock.wake_at(begin + 3)
    await asyncio.sleep(10)
    assert [round(moment - begin, 3) for moment in observed.fired] == [3]
    observed.clock.wake_at(begin + 11)
    observed.clock.wake_at(None)
    await asyncio.sleep(10)
    assert len(observed.fired) == 1
    observed.clock.stop()


@in_virtual_time
async def test_a_moment_that_has_passed_fires_at_once() -> None:
    observed = Observed()
    observed.clock.start()
    observed.clock.wake_at(now() - 1)
    await asyncio.sleep(0.001)
    assert len(observed.fired) == 1
    observed.clock.stop()


@in_virtual_time
async def test_the_sleep_of_the_machine_is_noticed_once() -> None:
    observed = Observed()
    observed.clock.start()
    await asyncio.sleep(1)
    observed.wall += 3600
    await asyncio.sleep(14)
    assert [round(seconds) for seconds in observed.slept] == [3600]
    observed.clock.stop()


@in_virtual_time
async def test_a_clock_that_is_set_right_is_no_sleep() -> None:
    observed = Observed()
    observed.clock.start()
    for step in (9.0, -3600.0):
        observed.wall += step
        await asyncio.sleep(6)
    assert observed.slept == []
    observed.clock.stop()
