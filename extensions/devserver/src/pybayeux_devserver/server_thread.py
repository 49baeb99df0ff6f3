"""A thread with its own event loop for a server, in a program without one.

Owns the life of the thread. It does not know which methods are called in it.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from anyio.from_thread import BlockingPortal

__all__ = ("ServerThread", "call_with_timeout")

P = ParamSpec("P")
T = TypeVar("T")


class ServerThread:
    """Runs a server in its own thread, from `start` to `stop`."""

    def __init__(self) -> None:
        self._running: Final = ExitStack()

    def start(self, server: AbstractAsyncContextManager[Any]) -> BlockingPortal:
        """Start the thread, and the server in it.

        Returns:
            The portal into the thread's event loop.
        """
        with ExitStack() as starting:
            portal = starting.enter_context(start_blocking_portal())
            starting.enter_context(portal.wrap_async_context_manager(server))
            self._running.push(starting.pop_all())
        return portal

    def stop(self) -> None:
        """Stop the server, then the thread."""
        self._running.close()


def call_with_timeout(
    portal: BlockingPortal, timeout: float, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call a coroutine function in the thread.

    Raises:
        TimeoutError: The call took longer than `timeout` seconds.
    """

    async def limited() -> T:
        return await asyncio.wait_for(function(*args, **kwargs), timeout)

    return portal.call(limited)
