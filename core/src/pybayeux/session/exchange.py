"""One request on its way and what it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..message import Message

__all__ = ("Exchange", "Kind", "Request")


class Kind(StrEnum):
    """What an exchange is for. There is one under way of each lane: control (the first two) and sending."""

    HANDSHAKE = "handshake"
    CONNECT = "connect"
    SEND = "send"
    DISCONNECT = "disconnect"


@dataclass(slots=True, eq=False)
class Request:
    """One message to the server that awaits an answer.

    `template` is the message as the user or the session made it, `message` the copy that travels on the latest of
    `attempts`. `awaits_data` marks a remote call, whose answer is an event that carries the request's id. Nobody waits
    for one that is `forgotten`: it is not sent again.
    """

    template: Message
    awaits_data: bool = False
    attempts: int = 0
    forgotten: bool = False
    message: Message = field(init=False)

    def __post_init__(self) -> None:
        self.message = self.template


@dataclass(slots=True, eq=False)
class Exchange:
    """The messages that travel together, how and where to, and the moment after which nobody waits for their answers.

    `host` is the one to send them to where the server has advised another than the user's own, `client_id` the session
    that they belong to. `discards` marks a connect that only keeps the session alive: what it brings is not taken.
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
