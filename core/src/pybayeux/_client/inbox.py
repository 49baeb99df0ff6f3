"""The inbox of the low-level client: which of its calls a message belongs to.

A reply belongs to the call that asked for it, and what came with it in one batch does too. Events that come by
themselves, as over a WebSocket, belong to the next connect that returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..session.replies import complete_reply, find_request, is_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..message import Message

__all__ = ("Inbox",)


class Inbox:
    """Sorts what comes in by the calls under way."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._unclaimed: list[Message] = []

    def open(self, requests: Sequence[Message]) -> list[Message]:
        """A call begins; returns the list that will have what comes for it."""
        call = _Call(requests)
        self._calls.append(call)
        return call.received

    def close(self, received: list[Message]) -> None:
        """The call with this list is over."""
        self._calls = [call for call in self._calls if call.received is not received]

    def claim(self) -> list[Message]:
        """What came for no call so far."""
        claimed, self._unclaimed = self._unclaimed, []
        return claimed

    def put(self, batch: Sequence[Message], passed: Sequence[Message]) -> None:
        """What of a batch was not dropped has come in."""
        is_alone = len(batch) == len(self._calls) == 1
        owner = next((call for call in self._calls if any(call.answers(each, is_alone) for each in batch)), None)
        (self._unclaimed if owner is None else owner.received).extend(passed)


class _Call:
    """The requests of one call, and what came for it."""

    def __init__(self, requests: Sequence[Message]) -> None:
        self.received: list[Message] = []
        self._requests = requests

    def answers(self, message: Message, is_alone: bool) -> bool:
        """Whether a message is a reply to one of the requests; one that lacks its id or its channel gets it."""
        if not is_reply(message):
            return False
        if message.id is None or not message.channel:
            request = find_request(message, self._requests, is_alone=is_alone)
            if request is not None:
                complete_reply(message, request)
        return any((each.id, each.channel) == (message.id, message.channel) for each in self._requests)
