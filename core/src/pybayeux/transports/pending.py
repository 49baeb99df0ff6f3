"""Which exchange waits for which answers, where answers come one by one and in any order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..errors import BayeuxError
    from ..message import Message

__all__ = ("Pending",)


class Pending:
    """The exchanges under way on one connection."""

    def __init__(self) -> None:
        self._exchange_of: Final[dict[str, asyncio.Future[None]]] = {}
        self._unanswered: Final[dict[asyncio.Future[None], set[str]]] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._unanswered)

    def expect(self, messages: Iterable[Message]) -> asyncio.Future[None]:
        """Await the answers to these messages; the future is done when all are here, or has what kept them away."""
        ids = {message.id for message in messages if message.id is not None}
        over = asyncio.get_running_loop().create_future()
        if ids:
            self._unanswered[over] = ids
            self._exchange_of.update(dict.fromkeys(ids, over))
        else:
            over.set_result(None)
        return over

    def answered(self, messages: Iterable[Message]) -> None:
        """Look for answers among the messages that came in."""
        if not self._exchange_of:
            return
        for message in messages:
            if message.id in self._exchange_of and _is_answer(message):
                self._settle(message.id)

    def _settle(self, message_id: str) -> None:
        over = self._exchange_of.pop(message_id)
        left = self._unanswered[over]
        left.discard(message_id)
        if not left:
            del self._unanswered[over]
            if not over.done():  # a task that is cancelled cancels what it waits for
                over.set_result(None)

    def fail(self, error: BayeuxError) -> None:
        """No answer comes any more: every exchange gets the error."""
        waiting = list(self._unanswered)
        self._exchange_of.clear()
        self._unanswered.clear()
        for over in waiting:
            if not over.done():
                over.set_exception(error)

    def forget(self, over: asyncio.Future[None]) -> None:
        """Nobody waits for this exchange any more."""
        for message_id in self._unanswered.pop(over, ()):
            del self._exchange_of[message_id]
        if not over.cancel() and not over.cancelled():
            over.exception()  # whoever should have seen it may have been cancelled in the same moment


def _is_answer(message: Message) -> bool:
    """Whether this is an answer, and no event that has the id of its publish (Faye sends such)."""
    return message.successful is not None or message.is_meta or not message.has_data
