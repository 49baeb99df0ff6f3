"""Which call of the low-level client a message belongs to.

A reply belongs to the call that asked for it, and what came with it in one batch does too. Events that come by
themselves, as over a WebSocket, belong to the next connect that returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..channel import Channel

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
        """A call begins; gives the list that will have what comes for it."""
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
        owner = next((call for call in self._calls if any(map(call.answers, batch))), None)
        (self._unclaimed if owner is None else owner.received).extend(passed)


class _Call:
    """The requests of one call, and what came for it."""

    def __init__(self, requests: Sequence[Message]) -> None:
        self.received: list[Message] = []
        self._channels = {request.id: request.channel for request in requests}

    def answers(self, message: Message) -> bool:
        """Whether a message is an answer to one of the requests; one that lacks its id is given it."""
        if message.successful is None and not message.is_meta:
            return False
        if message.id is None and message.channel != Channel.META_DISCONNECT:
            message.id = next((id_ for id_, channel in self._channels.items() if channel == message.channel), None)
        return message.id in self._channels and self._channels[message.id] == message.channel
