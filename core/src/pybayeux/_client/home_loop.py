"""The event loop that a session runs on: everything in it is bound to that loop, and to the process that runs it."""

from __future__ import annotations

import asyncio
import os

from ..errors import ClientStateError

__all__ = ("HomeLoop",)


class HomeLoop:
    """Remembers the loop of a session, from its start to its end."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def settle(self) -> None:
        """The session starts, on the loop that is running."""
        self._loop, self._pid = asyncio.get_running_loop(), os.getpid()

    def leave(self) -> None:
        """The session is over."""
        self._loop = None

    @property
    def is_gone(self) -> bool:
        """Whether the loop is closed, or was left in another process, so that the session can never go on."""
        return self._loop is not None and (self._loop.is_closed() or self._pid != os.getpid())

    def check(self) -> None:
        """See that no other loop is running.

        Raises:
            ClientStateError: One is.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._loop is None or self._loop is running:
            return
        if self._pid != os.getpid():
            where = "in the process that this one was forked from: close() and start() it here, or make one here"
        elif self._loop.is_closed():
            where = "on an event loop that is closed: close() and start() it again on this one"
        else:
            where = "on another event loop, which is running: call it there, or make a client for each loop"
        raise ClientStateError(f"the client was started {where}")
