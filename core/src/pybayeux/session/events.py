"""Notices: what a session reports to its caller, besides what to send.

They are not Bayeux events (messages with data), nor events of the state machine (`transitions.SessionEvent`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..message import Message
    from ..state import ConnectionState
    from .exchange import Request

__all__ = (
    "Ended",
    "Failed",
    "Notice",
    "PollOverdue",
    "RequestCompleted",
    "StateChanged",
    "Subscribed",
    "SubscriptionDeferred",
    "SubscriptionRejected",
)


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session moved from one state to another."""

    old: ConnectionState
    new: ConnectionState


@dataclass(frozen=True, slots=True)
class Failed:
    """Something failed, and the session deals with it by itself."""

    error: BayeuxError


@dataclass(frozen=True, slots=True)
class RequestCompleted:
    """A request has its one outcome: the server's reply, or the error that ended it."""

    request: Request
    outcome: Message | BayeuxError


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The server accepted a subscription, for the first time or again."""

    channel: str
    reply: Message


@dataclass(frozen=True, slots=True)
class SubscriptionDeferred:
    """An extension keeps a subscription from the server for now: its callers need not wait for it."""

    channel: str


@dataclass(frozen=True, slots=True)
class SubscriptionRejected:
    """The server refused a subscription for good: the channel is no longer wanted."""

    channel: str
    error: BayeuxError


@dataclass(frozen=True, slots=True)
class PollOverdue:
    """Connects are held back for lack of room, and the server may soon drop the session for that."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; `error` is None where the user ended it."""

    error: BayeuxError | None


Notice: TypeAlias = (
    StateChanged
    | Failed
    | RequestCompleted
    | Subscribed
    | SubscriptionDeferred
    | SubscriptionRejected
    | PollOverdue
    | Ended
)
