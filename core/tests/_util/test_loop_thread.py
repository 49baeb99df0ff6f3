from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux._util.loop_thread import Done, LoopThread
from pybayeux.errors import ClientStateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


async def where() -> str:
    return threading.current_thread().name


async def fail() -> None:
    raise KeyError("oops")


def alive() -> list[str]:
    """The names of the loop threads that were started and not ended."""
    return [thread.name for thread in threading.enumerate() if thread.name == "pybayeux-loop"]


def interrupt_once(monkeypatch: pytest.MonkeyPatch, when: threading.Event) -> None:
    """The next wait of a caller is interrupted, as by Ctrl-C, when this is set."""
    really_wait = Future.result

    def wait(future: Future[object]) -> object:
        monkeypatch.setattr(Future, "result", really_wait)
        assert when.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", wait)


def test_coroutines_run_on_its_own_thread() -> None:
    thread = LoopThread()
    assert thread.run(where()) == "pybayeux-loop"
    assert thread.run(where()) == "pybayeux-loop"
    thread.stop()
    assert alive() == []


def test_errors_come_to_the_caller() -> None:
    thread = LoopThread()
    with pytest.raises(KeyError, match="oops"):
        thread.run(fail())
    thread.stop()


def test_it_starts_again_after_its_end() -> None:
    thread = LoopThread()
    for _ in range(2):
        assert thread.run(where()) == "pybayeux-loop"
        thread.stop()
        thread.stop()
    assert alive() == []


def test_an_orphan_ends_by_itself() -> None:
    thread = LoopThread()
    thread.run(where())
    (running,) = [each for each in threading.enumerate() if each.name == "pybayeux-loop"]
    del thread
    gc.collect()
    running.join(5)
    assert not running.is_alive()


def test_a_thread_that_runs_a_loop_is_not_blocked() -> None:
    thread = LoopThread()

    async def caller() -> None:
        thread.run(where())

    with pytest.raises(UsageError, match="AsyncClient"):
        asyncio.run(caller())
    assert alive() == []


def test_many_threads_may_call_at_once() -> None:
    thread, barrier, results = LoopThread(), threading.Barrier(8), []

    async def meet(number: int) -> int:
        await asyncio.sleep(0)
        return number

    def call(number: int) -> None:
        barrier.wait()
        results.append(thread.run(meet(number)))

    callers = [threading.Thread(target=call, args=[number]) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    thread.stop()
    assert sorted(results) == list(range(8))


def test_an_interrupted_wait_cancels_the_coroutine(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, started, cancelled = LoopThread(), threading.Event(), threading.Event()
    interrupt_once(monkeypatch, started)

    async def interrupted() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(KeyboardInterrupt):
        thread.run(interrupted())
    assert cancelled.wait(5)
    thread.stop()


def test_a_signal_handler_that_ends_it_as_a_call_begins_lets_the_call_end(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, begin = LoopThread(), asyncio.run_coroutine_threadsafe

    def interrupted(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Future[Any]:
        thread.stop()  # a handler runs in the thread that it interrupts
        return begin(coroutine, loop)

    assert thread.run(answer()) == 42
    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", interrupted)
    assert thread.run(answer()) == 42
    thread.stop()


@pytest.fixture
def stop_queued(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a loop has been told to stop, and has not stopped yet if it is busy until then."""
    queued, really_call = threading.Event(), asyncio.BaseEventLoop.call_soon_threadsafe

    def call(loop: asyncio.BaseEventLoop, callback: Callable[..., object], *arguments: object) -> asyncio.Handle:
        handle = really_call(loop, callback, *arguments)
        if callback == loop.stop:
            queued.set()
        return handle

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_soon_threadsafe", call)
    return queued


async def answer() -> int:
    return 42


def test_a_call_that_ends_with_the_loop_returns(stop_queued: threading.Event) -> None:
    thread, may_end = LoopThread(), asyncio.Event()

    async def answer_then() -> int:
        await may_end.wait()
        return await answer()

    async def let_it_end() -> None:
        may_end.set()
        stop_queued.wait(5)  # so that it ends in the turn in which the loop stops

    call = thread.start(answer_then())
    thread.start(let_it_end())
    thread.stop()
    assert call.result(5) == 42


def test_a_call_that_was_begun_before_the_end_takes_its_first_step(stop_queued: threading.Event) -> None:
    async def hold() -> None:
        stop_queued.wait(5)

    thread = LoopThread()
    thread.start(hold())
    call = thread.start(answer())
    thread.stop()
    assert call.result(5) == 42


def test_a_call_that_exits_in_its_last_moment_has_the_exit_itself(stop_queued: threading.Event) -> None:
    async def hold() -> None:
        stop_queued.wait(5)

    async def leave() -> None:
        raise SystemExit(3)

    thread = LoopThread()
    thread.start(hold())
    leaving, call = thread.start(leave()), thread.start(answer())
    thread.stop()
    assert isinstance(leaving.exception(5), SystemExit)
    assert call.result(5) == 42


def test_a_call_without_a_thread_for_it_says_that_the_interpreter_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    thread = LoopThread()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(ClientStateError, match="the interpreter exits"):
        thread.run(where())
    assert not thread.is_running


def test_a_worker_may_end_it() -> None:
    thread, ended = LoopThread(), threading.Event()

    def end() -> None:
        thread.stop()
        ended.set()

    async def delegate() -> None:
        asyncio.get_running_loop().run_in_executor(None, end)

    thread.run(delegate())
    assert ended.wait(5)


def test_done_is_awaited_in_no_time() -> None:
    async def wait() -> str:
        await Done()
        return "done"

    assert asyncio.run(wait()) == "done"
