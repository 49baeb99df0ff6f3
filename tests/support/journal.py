"""`Journal`: an extension that notes what its client goes through, and lets a test wait for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pybayeux import ConnectionState, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import BayeuxError, Message

__all__ = ("Journal",)


class Journal:
    """Notes errors, states, what was handled, and every message next to the wire.

    Attributes:
        errors: What was given to the hook `failed`.
        states: Every state that was reached.
        handled: The data of the events that their receivers finished with.
        sent: The messages that left, as the last extension saw them.
        received: The messages that came in, replies made locally too.
    """

    def __init__(self) -> None:
        self.errors: Final[list[BayeuxError]] = []
        self.states: Final[list[ConnectionState]] = []
        self.handled: Final[list[Any]] = []
        self.sent: Final[list[Message]] = []
        self.received: Final[list[Message]] = []
        self._news = asyncio.Event()

    def count(self, state: ConnectionState) -> int:
        """How often a state was reached."""
        return self.states.count(state)

    def failures(self, kind: type[BayeuxError]) -> list[BayeuxError]:
        """The errors of one kind."""
        return [error for error in self.errors if isinstance(error, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that is noted here makes a condition true."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        self.sent.append(message)
        self._news.set()

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        self.received.append(message)
        self._news.set()

    @hookimpl
    def delivered(self, message: Message) -> None:
        self.handled.append(message.data)
        self._news.set()

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        self.states.append(new)
        self._news.set()

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)
        self._news.set()
