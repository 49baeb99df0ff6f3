"""What a session tells its client beside what to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..message import Message
    from ..state import ConnectionState
    from .exchange import Request

__all__ = ("Ended", "Failed", "Notice", "Overdue", "Refused", "Settled", "StateChanged", "Subscribed")


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session moved from one state to another."""

    old: ConnectionState
    new: ConnectionState


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong that the session deals with by itself."""

    error: BayeuxError


@dataclass(frozen=True, slots=True)
class Settled:
    """A request got its one answer: the server's reply, or the error that ended it."""

    request: Request
    outcome: Message | BayeuxError


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The server accepted a subscription, for the first time or again."""

    channel: str
    reply: Message


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused a subscription that it had never accepted: it is given up."""

    channel: str
    error: BayeuxError


@dataclass(frozen=True, slots=True)
class Overdue:
    """Connects are held back for lack of room, and the server may soon drop the session for that."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; `error` is None where the user ended it."""

    error: BayeuxError | None


Notice: TypeAlias = StateChanged | Failed | Settled | Subscribed | Refused | Overdue | Ended
