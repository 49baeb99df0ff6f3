"""One request on its way through the server: who sent it, what is pending, and what is answered.

These are the values that pass between a transport and the engine. Nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..options import Order

if TYPE_CHECKING:
    from ..options import Json
    from .sessions import Hold, Session, Stream

__all__ = ("Answer", "Caller", "Exchange")


@dataclass(frozen=True, slots=True)
class Caller:
    """What a transport knows about the sender of a request."""

    token: str | None = None
    """The token of the Authorization header."""
    browser: str | None = None
    """The cookie ``BAYEUX_BROWSER``."""
    trusted: bool = False
    """Whether the caller need not send the cookie of a session."""


@dataclass(slots=True)
class Exchange:
    """The state of a request. If it has a hold, the transport waits before it finishes the exchange."""

    caller: Caller
    alone: bool
    """Whether the request has one message only. A connect together with other messages is never held."""
    stream: Stream | None = None
    """The connection that the request came over, if it can carry events at any time."""
    replies: list[Json] = field(default_factory=list)
    handshake_events: list[Json] = field(default_factory=list)
    """The events that are delivered with the reply to a handshake."""
    session: Session | None = None
    """The session whose events may be delivered with the replies."""
    hold: Hold | None = None
    cookie: str | None = None
    """The value of the cookie to set."""
    unauthorized: bool = False
    """Whether the request as a whole is refused with HTTP 401."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the transport sends: replies and events with status 200, or a bare HTTP status."""

    replies: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    order: Order = Order.EVENTS_FIRST
    status: int = 200

    @property
    def parts(self) -> tuple[list[Json], list[Json]]:
        """Events and replies, in their order."""
        if self.order is Order.EVENTS_FIRST:
            return self.events, self.replies
        return self.replies, self.events

    @property
    def messages(self) -> list[Json]:
        """All messages, in their order."""
        first, second = self.parts
        return [*first, *second]
