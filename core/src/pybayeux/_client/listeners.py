"""Listeners to meta channels."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from ..errors import BayeuxError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..message import Message

__all__ = ("Listener", "Listeners")


class Listener:
    """One listener's place; `remove` ends it."""

    def __init__(self, channel: str, call: Callable[[Message], Any], home: list[Listener]) -> None:
        self.channel: Final = channel
        self.call: Final = call
        self._home: Final = home

    def remove(self) -> None:
        """Listen no more. Removing twice is removing once."""
        if self in self._home:
            self._home.remove(self)


class Listeners:
    """All listeners of a client. One that fails is reported and stops nothing."""

    def __init__(self, report: Callable[[BayeuxError], None], aside: Callable[[Awaitable[Any]], None]) -> None:
        self._report: Final = report
        self._aside: Final = aside
        self._listeners: list[Listener] = []

    def add(self, channel: str, call: Callable[[Message], Any]) -> Listener:
        """Listen to a meta channel."""
        listener = Listener(channel, call, self._listeners)
        self._listeners.append(listener)
        return listener

    def tell(self, messages: Sequence[Message]) -> None:
        """Call the listeners of each reply among these, in order."""
        if not self._listeners:
            return
        for message in messages:
            for listener in [each for each in self._listeners if each.channel == message.channel]:
                self._call(listener, message)

    def _call(self, listener: Listener, message: Message) -> None:
        try:
            result = listener.call(message)
        except Exception as error:
            self._report(ReceiverError(message.channel, error))
            return
        if inspect.isawaitable(result):
            self._aside(self._finish(result, message))

    async def _finish(self, result: Awaitable[Any], message: Message) -> None:
        try:
            await result
        except Exception as error:
            self._report(ReceiverError(message.channel, error))
