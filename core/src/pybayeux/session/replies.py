"""Replies: which messages answer which requests, and which are events. This is the one place that decides it.

Owns the requests that wait for a reply. Does not know what a reply means for the session: `session` acts on it.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import UNSET

from ..channel import Channel
from ..codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..message import Message
    from .exchange import Exchange, Request

__all__ = (
    "Batch",
    "MessageKind",
    "ReplyMatcher",
    "answers_request",
    "as_received",
    "complete_reply",
    "find_request",
    "is_reply",
    "parted",
)

# What the specification leaves open
# ----------------------------------
#
# A reply has the channel of its request and echoes its id (Bayeux 1.0, the field `id`); an event has the channel that
# it was published to, and may have its publisher's id. So an id alone proves nothing: Faye sends an event back to its
# own publisher under the publish's id. A reply is known by being a meta message, or by carrying `successful`, or
# (for a publish) by having no data where every event has some. A remote call turns the last around: its result is a
# message with data and the call's id.
#
# A reply must also answer something that is waited for. One to an exchange that was abandoned would otherwise move the
# session, and worse: the acknowledge extension reads its batch number, and a number from a reply that nothing waits
# for makes CometD drop events that were never delivered. So replies are matched before extensions see them.
#
# Two meta messages come unasked, without an id: a disconnect by the server, and the refusal by which it ends a
# subscription (Salesforce). A reply MUST have the channel and the id of its request; one that lacks them all the same
# (slimserver echoes no id, Salesforce refused without a channel) is completed where only one request can be meant.

_MAX_EVENT_CHANNELS: Final = 10_000
_LONGEST_CHANNEL: Final = 1000
"""How many channels are remembered, and how long a name may be for it."""


# -- for one message and one request, also outside of a session


def is_reply(message: Message) -> bool:
    """Whether a message is a reply by its form: a meta message, or one that carries `successful`."""
    return message.successful is not None or message.is_meta


def parted(messages: list[Message]) -> tuple[list[Message], list[Message]]:
    """The messages that can be put before the others of their batch, and the others, each in order.

    The first have data, and not the form of a reply.
    """
    # Every event passes here. With the properties of a message it costs four times as much.
    others = {
        id(message)
        for message in messages
        if message.successful is not None or message.raw_or_data is UNSET or message.channel.startswith("/meta/")
    }
    if not others:
        return messages, []
    return (
        [message for message in messages if id(message) not in others],
        [message for message in messages if id(message) in others],
    )


def answers_request(message: Message, *, awaits_data: bool = False) -> bool:
    """Whether a message with the id of a request of ours is its reply, and no event that has the id by chance.

    `awaits_data` asks for the result of a remote call, rather than for the reply to its publish.
    """
    if awaits_data:
        return not message.is_meta and (message.has_data or message.successful is False)
    return is_reply(message) or not message.has_data


def find_request(reply: Message, requests: Iterable[Message], *, is_alone: bool = False) -> Message | None:
    """The request that a reply answers which lacks its id or its channel, or None where several can be meant.

    Args:
        reply: Without an id it answers the only request of its channel; without a channel, as a refusal that
            `is_alone`, the only request.
        requests: The requests that wait for a reply.
        is_alone: Whether nothing else came in the same answer.
    """
    if reply.successful is None:
        return None
    fitting = [each for each in requests if _may_answer(reply, each, is_alone)]
    return fitting[0] if len(fitting) == 1 else None


def _may_answer(reply: Message, request: Message, is_alone: bool) -> bool:
    if not reply.channel:
        return is_alone and reply.successful is False and reply.id in (None, request.id)
    return reply.channel == request.channel and reply.subscription in (None, request.subscription)


def complete_reply(reply: Message, request: Message) -> None:
    """Give a reply what it lacks of the channel and the id of its request."""
    reply.channel, reply.id = reply.channel or request.channel, request.id
    if reply.subscription is None:
        reply.subscription = request.subscription


def ends_subscription(message: Message) -> bool:
    """Whether the server ends a subscription, unasked: a refusal that answers no request."""
    return message.id is None and message.channel == Channel.META_SUBSCRIBE and message.successful is False


def as_received(message: Message) -> str:
    """A message without a channel as JSON. Its payload was only scanned, and need not be any."""
    return encode([message])[1:-1].decode("utf-8", "replace").replace('"channel":""', "", 1).replace("{,", "{", 1)


# -- for a session


class MessageKind(Enum):
    """What a message is to the session that received it."""

    EVENT = auto()
    """It carries data for subscriptions."""
    REPLY = auto()
    """It answers a request that waits."""
    CALL_RESULT = auto()
    """It is the result of a remote call that waits, or its refusal."""
    SERVER_DISCONNECT = auto()
    """The server ends the session, unasked."""
    SUBSCRIPTION_END = auto()
    """The server ends a subscription, unasked."""
    STRAY = auto()
    """It has the form of a reply and answers nothing that waits: late, repeated, or another client's."""
    MALFORMED = auto()
    """It has no channel."""


class Batch(NamedTuple):
    """Messages that came together."""

    messages: list[Message]
    """All of them, as received."""
    special: list[Message]
    """Those among them that may be more than an event."""


class ReplyMatcher:
    """The requests that wait for a reply, and the match of messages to them."""

    def __init__(self) -> None:
        self._exchanges: Final[dict[str, Exchange]] = {}
        self._calls: Final[dict[str, Request]] = {}
        self._event_channels: Final[set[str]] = set()
        self._unclaimed: Message | None = None

    # -- what waits

    def expect(self, exchange: Exchange) -> None:
        """Wait for the replies to all requests of an exchange."""
        for request in exchange.requests:
            assert request.message.id is not None
            exchange.unanswered[request.message.id] = request
            self._exchanges[request.message.id] = exchange

    def expect_result(self, call: Request) -> None:
        """Wait for the result of a remote call whose publish is answered; it may come in any later exchange."""
        assert call.message.id is not None
        self._calls[call.message.id] = call

    def take(self, message_id: str) -> tuple[Exchange, Request] | None:
        """End the wait for the reply to a request; None where there was none."""
        exchange = self._exchanges.pop(message_id, None)
        return None if exchange is None else (exchange, exchange.unanswered.pop(message_id))

    def take_call(self, message_id: str) -> Request | None:
        """End the wait for the result of a remote call; None where there was none."""
        # The result may overtake the reply to the call's publish, which is waited for no more then.
        taken = self.take(message_id)
        return self._calls.pop(message_id, None) or (taken[1] if taken is not None else None)

    def close(self, exchange: Exchange) -> list[Request]:
        """End the wait for an exchange; returns the requests that had no reply."""
        left = list(exchange.unanswered.values())
        for message_id in exchange.unanswered:
            self._exchanges.pop(message_id, None)
        exchange.unanswered.clear()
        return left

    def forget_call(self, call: Request) -> None:
        """End the wait for a remote call whose caller waits no more."""
        for message_id in [key for key, waiting in self._calls.items() if waiting is call]:
            del self._calls[message_id]

    def close_calls(self) -> list[Request]:
        """End the wait for all remote calls; returns them."""
        calls = list(self._calls.values())
        self._calls.clear()
        return calls

    def _waiting(self, message_id: str | None) -> Request | None:
        if message_id is None or (exchange := self._exchanges.get(message_id)) is None:
            return None
        return exchange.unanswered[message_id]

    def _awaits_data(self, message_id: str | None) -> bool:
        request = self._waiting(message_id) or self._calls.get(message_id or "")
        return request is not None and request.awaits_data

    # -- what came

    def admit(self, messages: list[Message]) -> Batch:
        """Look a batch through before extensions see it: meta messages that answer nothing are left out."""
        # Nearly every message is an event, and its channel alone shows it: this pass is all that most batches cost. An
        # id is looked up, since Faye's events have those of their publishers.
        known, exchanges, calls = self._event_channels, self._exchanges, self._calls
        special = [
            message
            for message in messages
            if message.channel not in known
            or message.successful is not None
            or message.advice is not None
            or (message.id is not None and (message.id in exchanges or message.id in calls))
        ]
        if not special:
            return Batch(messages, special)
        for message in special:
            if message.successful is not None and (message.id is None or not message.channel):
                self._complete(message, is_alone=len(messages) == 1)
        self._learn_channels(special)
        stray = {id(message) for message in special if message.is_meta and self.kind_of(message) is MessageKind.STRAY}
        if not stray:
            return Batch(messages, special)
        return Batch(
            [message for message in messages if id(message) not in stray],
            [message for message in special if id(message) not in stray],
        )

    def _learn_channels(self, special: list[Message]) -> None:
        if len(self._event_channels) > _MAX_EVENT_CHANNELS:
            self._event_channels.clear()
        self._event_channels.update(
            message.channel
            for message in special
            if 0 < len(message.channel) <= _LONGEST_CHANNEL and not is_reply(message)
        )

    def _complete(self, message: Message, *, is_alone: bool) -> None:
        requests = (exchange.unanswered[id_].message for id_, exchange in self._exchanges.items())
        if (request := find_request(message, requests, is_alone=is_alone)) is not None:
            complete_reply(message, request)
        elif is_alone and not message.channel:
            self._unclaimed = message

    def claim_refusal(self, exchange: Exchange) -> Message | None:
        """The refusal without channel and id that came last, if the answer to this exchange alone can have brought it.

        While two exchanges were under way it could have been for either. The answer to this one has just ended.
        """
        refusal, self._unclaimed = self._unclaimed, None
        requests = [request.message for request in exchange.unanswered.values()]
        if refusal is None or len(exchange.requests) != 1 or find_request(refusal, requests, is_alone=True) is None:
            return None
        complete_reply(refusal, requests[0])
        return refusal

    def kind_of(self, message: Message) -> MessageKind:
        """What a message is, by what waits at this moment."""
        if not message.channel:
            return MessageKind.MALFORMED
        if message.is_meta:
            return self._kind_of_meta(message)
        if self._awaits_data(message.id) and answers_request(message, awaits_data=True):
            return MessageKind.CALL_RESULT
        request = self._waiting(message.id)
        # An event may have the id of a subscribe of ours by chance: only a meta message answers a meta message.
        if request is not None and not request.message.is_meta and answers_request(message):
            return MessageKind.REPLY
        return MessageKind.STRAY if is_reply(message) else MessageKind.EVENT

    def _kind_of_meta(self, message: Message) -> MessageKind:
        if message.id is None:
            if message.channel == Channel.META_DISCONNECT:
                return MessageKind.SERVER_DISCONNECT
            return MessageKind.SUBSCRIPTION_END if ends_subscription(message) else MessageKind.STRAY
        request = self._waiting(message.id)
        is_answer = request is not None and request.message.channel == message.channel
        return MessageKind.REPLY if is_answer else MessageKind.STRAY
