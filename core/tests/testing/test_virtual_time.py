from __future__ import annotations

import asyncio
import time

import pytest

from pybayeux.testing import Clock, in_virtual_time, run
from pybayeux.testing.virtual_time import VirtualTimeLoop


@in_virtual_time
async def test_hours_pass_in_no_time() -> None:
    began, loop = time.monotonic(), asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    before = loop.time()
    await asyncio.sleep(3600)
    assert loop.time() == pytest.approx(before + 3600)
    assert time.monotonic() - began < 60


@in_virtual_time
async def test_clock_advances_and_everything_due_happens() -> None:
    clock = Clock()
    happened: list[str] = []
    asyncio.get_running_loop().call_later(10, happened.append, "due")
    assert clock.now == 0
    await clock.advance(9)
    assert happened == []
    await clock.advance(1)
    assert happened == ["due"]
    assert clock.now == pytest.approx(10, abs=0.001)


@in_virtual_time
async def test_clock_settles_without_time_passing() -> None:
    clock, event = Clock(), asyncio.Event()
    waiting = asyncio.create_task(event.wait())
    event.set()
    await clock.settle()
    assert waiting.done()
    assert clock.now == pytest.approx(0, abs=0.001)


@in_virtual_time
async def test_clock_has_the_time_of_day() -> None:
    clock = Clock(epoch=1000.0)
    await clock.advance(5)
    assert clock() == pytest.approx(1005, abs=0.001)


def test_run_returns_the_result() -> None:
    async def work() -> int:
        await asyncio.sleep(1)
        return 7

    assert run(work()) == 7


def test_arguments_of_a_test_are_handed_on() -> None:
    got: list[object] = []

    @in_virtual_time
    async def test(first: int, *, second: int) -> None:
        got.extend([first, second])

    test(1, second=2)
    assert got == [1, 2]


def test_waiting_for_what_never_happens_is_an_error() -> None:
    with pytest.raises(TimeoutError, match="something that never happens"):
        run(asyncio.Event().wait())


def test_loop_does_not_stand_still() -> None:
    with (
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
        pytest.raises(RuntimeError, match="would wait for ever"),
    ):
        runner.run(asyncio.Event().wait())


def test_a_timeout_of_the_test_is_raised_as_it_is() -> None:
    async def work() -> None:
        async with asyncio.timeout(5):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError) as late:
        run(work())
    assert "never happens" not in str(late.value)


def test_waiting_for_ever_beside_something_that_goes_on_is_an_error() -> None:
    async def beat() -> None:
        for _ in range(1000):
            await asyncio.sleep(5)

    async def work() -> None:
        beating = asyncio.create_task(beat())
        try:
            await asyncio.Event().wait()
        finally:
            beating.cancel()

    with pytest.raises(TimeoutError):
        run(work(), limit=100)


def test_tasks_that_are_left_are_an_error() -> None:
    async def work() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(5), name="forgotten")

    with pytest.raises(AssertionError, match="forgotten"):
        run(work())


@in_virtual_time
async def test_threads_are_waited_for_in_real_time() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    async with asyncio.timeout(0.001):
        await asyncio.to_thread(time.sleep, 0.05)
    assert loop.time() == before
