"""Exchanges: requests that travel to the server together, and the replies that they still wait for.

Knows neither when they are sent nor what their replies mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ..channel import Channel
from ..errors import PublishError, SubscribeError, UnsubscribeError
from ..message import Message

if TYPE_CHECKING:
    from ..errors import ReplyError

__all__ = ("Exchange", "Kind", "Request", "Step")


class Kind(StrEnum):
    """What an exchange is for.

    A session has one exchange of each lane under way at the most: the connect lane (HANDSHAKE, CONNECT), the send lane
    (SEND), and at the end DISCONNECT.
    """

    HANDSHAKE = "handshake"
    CONNECT = "connect"
    SEND = "send"
    DISCONNECT = "disconnect"


@dataclass(slots=True, eq=False)
class Request:
    """One message to the server, across all attempts to send it.

    Attributes:
        template: The message as the user or the session made it. Extensions never change it.
        awaits_data: Whether this is a remote call: its result is a message with data that carries the request's id.
        attempts: How often it was sent.
        forgotten: Whether its caller no longer waits; then it is not sent again.
        number: Its place among all that was to be sent.
        message: The copy that travels on the latest attempt, with an id of its own.
    """

    template: Message
    awaits_data: bool = False
    attempts: int = 0
    forgotten: bool = False
    number: int = 0
    message: Message = field(init=False)

    def __post_init__(self) -> None:
        self.message = self.template

    @property
    def is_subscribe(self) -> bool:
        """Whether this asks for a subscription."""
        return self.template.channel == Channel.META_SUBSCRIBE

    @property
    def is_unsubscribe(self) -> bool:
        """Whether this ends a subscription."""
        return self.template.channel == Channel.META_UNSUBSCRIBE

    def refusal(self, reply: Message) -> ReplyError:
        """The error that a refusal of this request means."""
        if self.is_subscribe:
            return SubscribeError(str(self.template.subscription), reply=reply)
        if self.is_unsubscribe:
            return UnsubscribeError(str(self.template.subscription), reply=reply)
        return PublishError(reply.channel, reply=reply)

    def local_success(self) -> Message:
        """The reply to a request that need not be sent, such as an unsubscribe without a session."""
        message = self.message
        return Message(channel=message.channel, id=message.id, subscription=message.subscription, successful=True)


@dataclass(slots=True, eq=False)
class Exchange:
    """Requests that travel together.

    Attributes:
        kind: What it is for.
        requests: What travels, in order.
        deadline: The time after which its replies are not waited for.
        transport: The name of the transport that carries it.
        host: The host to send it to where the server advised one, or None for the user's own.
        client_id: The session that it belongs to, or None for a handshake.
        unanswered: The requests without a reply, by the id of their message.
        expired: Whether the deadline has passed and the caller knows it.
        discards: Whether this is a connect that only keeps the session alive: the events that it brings are not taken.
    """

    kind: Kind
    requests: list[Request]
    deadline: float
    transport: str
    host: str | None = None
    client_id: str | None = None
    unanswered: dict[str, Request] = field(default_factory=dict)
    expired: bool = False
    discards: bool = False

    @property
    def messages(self) -> list[Message]:
        """The messages to send, in order."""
        return [request.message for request in self.requests]


class Step(NamedTuple):
    """What a session wants done next."""

    start: tuple[Exchange, ...]
    """Exchanges to carry to the server now."""
    expired: tuple[Exchange, ...]
    """Exchanges without a reply in time: to be extended, or given up and handed to `failed`."""
    abandon: tuple[Exchange, ...]
    """Exchanges whose replies are waited for no more: to be given up."""
    wake_at: float | None
    """When to ask again if nothing happens before; None where nothing is due."""
