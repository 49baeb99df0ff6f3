"""An event loop in a thread of its own, for callers that have no loop."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import ClientStateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from concurrent.futures import Future

__all__ = ("Done", "LoopThread", "has_running_loop")

T = TypeVar("T")

_here: Final = threading.local()
_WORKERS: Final = 32
_UNWILLING: Final = 1.0
"""Seconds that tasks may take to end after they were cancelled, and workers after the loop has ended."""


class LoopThread:
    """Runs coroutines on its loop while the calling thread waits. The thread lives from first use to `stop`.

    No thread survives a fork. In the child process `run` raises, until `renew` was called there; a loop whose thread
    had been stopped before is replaced without a word.
    """

    def __init__(self) -> None:
        self._make()

    def _make(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._workers: ThreadPoolExecutor | None = None
        # Reentrant: a signal handler may stop what it has interrupted.
        self._guard = threading.RLock()
        self._orphaned = threading.Event()
        self._finalizer = weakref.finalize(self, _let_go, self._loop, self._orphaned, self._pid)

    @property
    def is_current(self) -> bool:
        """Whether the calling code runs on the loop itself."""
        return self._thread is not None and self._thread is threading.current_thread()

    @property
    def is_running(self) -> bool:
        """Whether there is a thread, in this process, so that `run` need not start one."""
        return self._thread is not None and not self.is_foreign

    @property
    def is_foreign(self) -> bool:
        """Whether the thread was left in the process that this one was forked from."""
        return self._pid != os.getpid() and self._thread is not None

    def renew(self) -> None:
        """In a forked process, take another loop: the one of the parent process is shared with it."""
        if self._pid != os.getpid():
            self._finalizer.detach()
            self._make()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result; interrupting the wait (Ctrl-C) cancels the coroutine.

        Raises:
            UsageError: The calling thread runs an event loop, which waiting here would block.
            ClientStateError: The thread belongs to the process that this one was forked from, was stopped meanwhile, or
                cannot be started because the interpreter exits.
        """
        try:
            self._check()
            future = self.start(coroutine)
        except BaseException:
            coroutine.close()
            raise
        try:
            return future.result()
        except CancelledError:
            raise ClientStateError("the client was closed meanwhile by another thread") from None
        except BaseException:
            future.cancel()
            raise

    def _check(self) -> None:
        if has_running_loop():
            raise UsageError(
                "this thread runs an event loop, which the synchronous Client would block: use AsyncClient"
            )
        if self.is_foreign:
            raise ClientStateError(
                "this process was forked from one in which the client was started, and its connection belongs to that "
                "process: close() and start() the client here, or make one in each process"
            )
        self.renew()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run the coroutine, and return without waiting."""
        with self._guard:  # so that no `stop` of another thread comes between
            self._start()
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            self._start()  # a signal handler of this thread may have stopped it before the loop knew of the coroutine
            return future

    def stop(self) -> None:
        """End the thread and its workers; what still runs is cancelled. A later `run` starts another."""
        if self.is_foreign:
            return
        with self._guard:
            thread, self._thread = self._thread, None
            workers, self._workers = self._workers, None
            if thread is None or workers is None:
                return
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
        # A handler that ends the client runs in a worker, which cannot wait for itself. And one may never end.
        workers.shutdown(wait=False)
        if not getattr(_here, "is_worker", False):
            ending = threading.Thread(target=workers.shutdown, name="pybayeux-end", daemon=True)
            try:
                ending.start()
            except RuntimeError:  # the interpreter exits (3.12 and newer), and has waited for the workers itself
                return
            ending.join(_UNWILLING)

    def _start(self) -> None:
        if self._thread is None:
            self._workers = ThreadPoolExecutor(_WORKERS, "pybayeux-worker", initializer=_mark_worker)
            self._loop.set_default_executor(self._workers)
            self._thread = threading.Thread(
                target=_run, args=(self._loop, self._orphaned), name="pybayeux-loop", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError as error:  # Python 3.12 and newer; or there are too many threads
                self._thread = self._workers = None
                raise ClientStateError(f"the interpreter exits, or has no thread left: {error}") from None


class Done:
    """An awaitable that is already done, for calls whose asynchronous twin returns one to await."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


def _run(loop: asyncio.AbstractEventLoop, orphaned: threading.Event) -> None:
    _run_through(loop.run_forever)
    # What was begun before the end takes its first step, and what has ended tells its caller.
    _run_through(lambda: loop.run_until_complete(_two_turns()))
    _cancel_all(loop, "the client was dropped without close()" if orphaned.is_set() else "the client was closed")
    if orphaned.is_set():
        loop.close()


def _run_through(run: Callable[[], object]) -> None:
    while True:
        try:
            run()
        except (KeyboardInterrupt, SystemExit):  # a task's; it has it, and asyncio lets it out of the loop as well
            continue
        break


async def _two_turns() -> None:
    for _ in range(2):
        await asyncio.sleep(0)


def _cancel_all(loop: asyncio.AbstractEventLoop, why: str) -> None:
    """End what still runs: callers in other threads wait for it, and Python complains of tasks that never end."""
    until = loop.time() + _UNWILLING
    # More than once: a task may start another at its end, such as one that closes a socket.
    while (tasks := asyncio.all_tasks(loop)) and loop.time() < until:
        for task in tasks:
            task.cancel(why)
        loop.run_until_complete(asyncio.wait(tasks, timeout=_UNWILLING))


def _let_go(loop: asyncio.AbstractEventLoop, orphaned: threading.Event, pid: int) -> None:
    """Close the loop. A thread that was not stopped does it at its end: no other may."""
    if pid != os.getpid():
        return
    if loop.is_running():
        orphaned.set()
        loop.call_soon_threadsafe(loop.stop)
    else:
        loop.close()


def _mark_worker() -> None:
    _here.is_worker = True


def has_running_loop() -> bool:
    """Return whether the calling thread runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
