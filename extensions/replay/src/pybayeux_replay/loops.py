"""Whether a task or a future can still end: an event loop may have ended without the client's `close`.

Such a client may start again on another loop. What belongs to the loop before never ends, and must not be waited for.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeGuard

__all__ = ("is_at_work", "is_of_this_loop")


def is_of_this_loop(future: asyncio.Future[Any]) -> bool:
    """Whether a future can end. If it is of an event loop that was closed before, it never does."""
    return future.get_loop() is asyncio.get_running_loop()


def is_at_work(task: asyncio.Task[None] | None) -> TypeGuard[asyncio.Task[None]]:
    """Whether there is a task that has not ended, and can."""
    return task is not None and not task.done() and is_of_this_loop(task)
