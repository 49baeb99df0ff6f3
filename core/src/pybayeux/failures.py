"""Replies made locally, for requests that the server never answered.

Extensions see them in `incoming` like any other reply, as with CometD's Java client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import MessageDropped, TransportError
from .message import Message

if TYPE_CHECKING:
    from .errors import BayeuxError

__all__ = ("local_reply",)


def local_reply(request: Message, error: BayeuxError, connection_type: str) -> Message:
    """The failed reply to `request`; its ``extra["failure"]`` tells the HTTP status (or None) and the reason."""
    status = error.status if isinstance(error, TransportError) else None
    reply = Message(
        channel=request.channel,
        id=request.id,
        subscription=request.subscription,
        successful=False,
        error=str(error) if isinstance(error, MessageDropped) else f"{status or 503}::{error}",
    )
    reply.extra["failure"] = {"status": status, "reason": str(error), "connectionType": connection_type}
    return reply
