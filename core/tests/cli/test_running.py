from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import click
import pytest

from pybayeux.cli.running import first, run, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Coroutine


def _code(work: Coroutine[Any, Any, None]) -> int:
    with pytest.raises(click.exceptions.Exit) as caught:
        run(work)
    return caught.value.exit_code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_work_and_lets_it_say_goodbye(number: signal.Signals, code: int) -> None:
    done = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("goodbye")

    before = signal.getsignal(number)
    assert _code(work()) == code
    assert done == ["goodbye"]
    assert signal.getsignal(number) == before


def test_signals_that_come_together_are_one(caplog: pytest.LogCaptureFixture) -> None:
    """As when a terminal interrupts a whole process group, and a wrapper such as ``uv run`` passes its signal on."""
    done = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("goodbye")

    with pytest.raises(click.exceptions.Exit) as caught:
        run(work(), grace=60)
    assert (caught.value.exit_code, done) == (130, ["goodbye"])
    assert "Exception in callback" not in caplog.text


def test_a_second_interruption_does_not_wait_for_the_goodbye() -> None:
    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        run(work())


def test_an_end_in_time_is_not_cut_short() -> None:
    async def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    with pytest.raises(click.exceptions.Exit) as caught:
        run(work(), grace=3600)
    assert caught.value.exit_code == 143
    for each in threading.enumerate():
        if isinstance(each, threading.Timer):
            assert each.finished.is_set()  # it would end the process


def test_work_that_ends_has_no_code() -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    run(work())


def test_an_error_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(work())


def test_a_cancellation_without_a_signal_is_no_end() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(work())


def test_the_first_to_end_ends_the_others() -> None:
    ended = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiting")

    async def end() -> None:
        ended.append("first")

    asyncio.run(first([wait(), end(), wait()]))
    assert ended == ["first", "waiting", "waiting"]


def test_the_error_of_the_first_is_raised() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(first([wait(), fail(), fail()]))


# -- work that a cancellation lets end


async def _cancelled(caller: asyncio.Task[None]) -> None:
    with pytest.raises(asyncio.CancelledError):
        await caller


def test_work_under_way_comes_to_its_end_before_the_cancellation_does() -> None:
    ended = []

    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await may_end.wait()
            ended.append("work")

        caller = asyncio.ensure_future(uninterrupted(work(), 3600))
        await begun.wait()
        caller.cancel()
        asyncio.get_running_loop().call_soon(may_end.set)
        await _cancelled(caller)

    asyncio.run(main())
    assert ended == ["work"]


def test_work_that_does_not_end_is_cancelled_as_well() -> None:
    ended = []

    async def main() -> None:
        begun = asyncio.Event()

        async def work() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

        caller = asyncio.ensure_future(uninterrupted(work(), 0))
        await begun.wait()
        caller.cancel()
        await _cancelled(caller)

    asyncio.run(main())
    assert ended == ["cancelled"]


def test_an_error_after_the_cancellation_is_no_error_of_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await may_end.wait()
            raise ZeroDivisionError

        caller = asyncio.ensure_future(uninterrupted(work(), 3600))
        await begun.wait()
        caller.cancel()
        may_end.set()
        await _cancelled(caller)

    asyncio.run(main())
    assert caplog.records == []


def test_the_result_and_the_error_of_work_are_its_own() -> None:
    async def work(divisor: int) -> int:
        return 6 // divisor

    assert asyncio.run(uninterrupted(work(2), 3600)) == 3
    with pytest.raises(ZeroDivisionError):
        asyncio.run(uninterrupted(work(0), 3600))
