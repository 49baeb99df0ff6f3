"""An event loop in a thread of its own, for callers that have no loop."""

from __future__ import annotations

import asyncio
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

__all__ = ("Done", "LoopThread")

T = TypeVar("T")

_here: Final = threading.local()
_WORKERS: Final = 32


class LoopThread:
    """Runs coroutines on its loop while the calling thread waits. The thread lives from the first use to `stop`."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._guard: Final = threading.Lock()
        self._orphaned: Final = threading.Event()
        weakref.finalize(self, _let_go, self._loop, self._orphaned)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result; interrupting the wait (Ctrl-C) cancels the coroutine.

        Raises:
            UsageError: The calling thread runs an event loop, which this call would block.
        """
        if _has_running_loop():
            coroutine.close()
            raise UsageError(
                "this thread runs an event loop, which the synchronous Client would block: use AsyncClient"
            )
        self._start()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def soon(self, call: Callable[..., object], *arguments: object) -> None:
        """Call a function on the loop, without waiting for it."""
        self._loop.call_soon_threadsafe(call, *arguments)

    def stop(self) -> None:
        """End the thread and its workers. A later `run` starts new ones."""
        with self._guard:
            thread, self._thread = self._thread, None
            workers, self._workers = self._workers, None
        if thread is not None and workers is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            # A handler that ends the client runs in a worker, which cannot wait for itself.
            workers.shutdown(wait=not getattr(_here, "is_worker", False))

    def _start(self) -> None:
        with self._guard:
            if self._thread is None:
                self._workers = ThreadPoolExecutor(_WORKERS, "pybayeux-worker", initializer=_mark_worker)
                self._loop.set_default_executor(self._workers)
                self._thread = threading.Thread(
                    target=_run, args=(self._loop, self._orphaned), name="pybayeux-loop", daemon=True
                )
                self._thread.start()


class Done:
    """An awaitable that is already done, for calls whose asynchronous twin returns one to await."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


def _run(loop: asyncio.AbstractEventLoop, orphaned: threading.Event) -> None:
    loop.run_forever()
    if orphaned.is_set():
        loop.close()


def _let_go(loop: asyncio.AbstractEventLoop, orphaned: threading.Event) -> None:
    """Close the loop. If its thread still runs, the thread closes it at its end: a running loop cannot be closed."""
    if loop.is_running():
        orphaned.set()
        loop.call_soon_threadsafe(loop.stop)
    else:
        loop.close()


def _mark_worker() -> None:
    _here.is_worker = True


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
