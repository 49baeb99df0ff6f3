"""Listeners to meta channels: functions of the user's that are called with the replies on one of them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from .._util.interruptions import is_interruption
from ..errors import ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..message import Message
    from .background import BackgroundTasks
    from .reporter import Reporter
    from .user_calls import UserCalls

__all__ = ("Listener", "Listeners")


class Listener:
    """One registered listener; `remove` ends it."""

    def __init__(self, channel: str, call: Callable[[Message], Any], registered: list[Listener]) -> None:
        self.channel: Final = channel
        self.call: Final = call
        self._registered: Final = registered

    def remove(self) -> None:
        """Call it no more. A second call does nothing."""
        if self in self._registered:
            self._registered.remove(self)


class Listeners:
    """All listeners of a client. An exception in one is reported and stops nothing.

    Args:
        reporter: Is told of exceptions.
        background: Awaits what asynchronous listeners return.
        calls: Marks that as a call into code of the user.
    """

    def __init__(self, reporter: Reporter, background: BackgroundTasks, calls: UserCalls) -> None:
        self._reporter: Final = reporter
        self._background: Final = background
        self._calls: Final = calls
        self._registered: list[Listener] = []

    def add(self, channel: str, call: Callable[[Message], Any]) -> Listener:
        """Call `call` with each reply on a meta channel."""
        listener = Listener(channel, call, self._registered)
        self._registered.append(listener)
        return listener

    def notify(self, messages: Sequence[Message]) -> None:
        """Call the listeners of each of these messages, in order."""
        if not self._registered:
            return
        for message in messages:
            for listener in [each for each in self._registered if each.channel == message.channel]:
                self._call(listener, message)

    def _call(self, listener: Listener, message: Message) -> None:
        try:
            result = listener.call(message)
        except BaseException as error:
            self._failed(message, error)
            return
        if inspect.isawaitable(result):
            self._background.add(self._finish(result, message))

    async def _finish(self, result: Awaitable[Any], message: Message) -> None:
        try:
            await self._calls.awaiting(result)
        except BaseException as error:
            self._failed(message, error)

    def _failed(self, message: Message, error: BaseException) -> None:
        if is_interruption(error):
            raise error
        self._reporter.report(ReceiverError(message.channel, error))
