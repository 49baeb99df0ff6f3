"""Exceptions that end the running task or the program, as opposed to failures of the code that let them out.

A handler or hook may raise anything: `StopIteration` from a bare `next`, the `CancelledError` of a task that it
awaited, the panic of a native module. All of that is its own failure. What cancels the client's own task, and what ends
the program, is not, and passes through.
"""

from __future__ import annotations

import asyncio
import threading

__all__ = ("is_interruption",)


def is_interruption(error: BaseException) -> bool:
    """Whether an exception comes from outside of the code that let it out, so that it has to be raised on."""
    if isinstance(error, asyncio.CancelledError):
        return _is_being_cancelled()
    if isinstance(error, KeyboardInterrupt | SystemExit):
        # In another thread they end nothing but the thread, which is the client's.
        return threading.current_thread() is threading.main_thread()
    return isinstance(error, GeneratorExit)  # the coroutine is closed


def _is_being_cancelled() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return False
    return task is not None and task.cancelling() > 0
