"""What of a batch may be for this session.

Owns the match of replies to requests, as far as it can be told before the extensions have seen a message. An extension
must not take a stray reply for an answer: a connect reply that nobody waits for would move ack's batch number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..channel import Channel

if TYPE_CHECKING:
    from ..message import Message
    from .shared import Shared

__all__ = ("Admission", "Batch", "is_end_of_subscription")

_PLAIN_CHANNELS: Final = 10_000


class Batch(NamedTuple):
    """Messages that came together."""

    messages: list[Message]
    """All of them, as received."""
    special: list[Message]
    """Those among them that may be more than an event."""


def is_end_of_subscription(message: Message) -> bool:
    """Whether the server says, unasked, that a subscription is no more: a refusal that answers no request."""
    return message.id is None and message.channel == Channel.META_SUBSCRIBE and message.successful is False


class Admission:
    """Looks batches through. Nearly every message is an event, told by its channel alone."""

    def __init__(self, shared: Shared) -> None:
        self._shared: Final = shared
        self._plain: set[str] = set()

    def admit(self, messages: list[Message]) -> Batch:
        """The batch without replies that nobody waits for: late ones, repeated ones, somebody else's."""
        plain = self._plain
        special = [
            message
            for message in messages
            if message.channel not in plain
            or message.successful is not None
            or message.id is not None
            or message.advice is not None
        ]
        if not special:
            return Batch(messages, special)
        self._learn(special)
        stale = {id(message) for message in special if message.is_meta and not self._is_awaited(message)}
        if not stale:
            return Batch(messages, special)
        return Batch(
            [message for message in messages if id(message) not in stale],
            [message for message in special if id(message) not in stale],
        )

    def _learn(self, special: list[Message]) -> None:
        """Know the channels that carry events."""
        if len(self._plain) > _PLAIN_CHANNELS:
            self._plain.clear()
        self._plain.update(m.channel for m in special if m.channel and m.successful is None and not m.is_meta)

    def _is_awaited(self, message: Message) -> bool:
        if message.id is None:
            message.id = self._guess_id(message)
        if message.id is None:
            return message.channel == Channel.META_DISCONNECT or is_end_of_subscription(message)
        exchange = self._shared.unanswered.get(message.id)
        return exchange is not None and exchange.unanswered[message.id].message.channel == message.channel

    def _guess_id(self, message: Message) -> str | None:
        """The id that a reply should have echoed: that of the one request which it can answer."""
        fitting = [
            message_id
            for message_id, exchange in self._shared.unanswered.items()
            if (asked := exchange.unanswered[message_id].message).channel == message.channel
            and asked.subscription == message.subscription
        ]
        return fitting[0] if len(fitting) == 1 and message.successful is not None else None
