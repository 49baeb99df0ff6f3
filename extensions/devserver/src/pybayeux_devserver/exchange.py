"""One request on its way through the server: who asks, what is pending, what is answered.

Owns the values that pass between a transport and the engine. Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .options import Json
    from .sessions import Hold, Session

__all__ = ("Answer", "Caller", "Exchange")


@dataclass(frozen=True, slots=True)
class Caller:
    """What a transport knows about whoever sent a request."""

    token: str | None = None
    """The token of the Authorization header."""
    browser: str | None = None
    """The cookie ``BAYEUX_BROWSER``."""


@dataclass(slots=True)
class Exchange:
    """What has come of a request so far. Where it has a hold, the transport waits before it finishes it."""

    caller: Caller
    alone: bool
    """Whether the request carried one message only: a connect in company is never held."""
    replies: list[Json] = field(default_factory=list)
    session: Session | None = None
    """Whose events may ride with the replies."""
    hold: Hold | None = None
    cookie: str | None = None
    """The value of the cookie to set."""
    unauthorized: bool = False
    """Refused as a whole, with HTTP 401."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the transport sends: messages with status 200, or a bare HTTP status."""

    messages: list[Json] = field(default_factory=list)
    status: int = 200
