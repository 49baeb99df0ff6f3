"""Replies made locally, for requests that the server never answered.

Extensions see them in `incoming` like any other reply, as with CometD's Java client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ExtensionError, MessageDropped, TransportError
from ..message import Message

if TYPE_CHECKING:
    from ..errors import BayeuxError

__all__ = ("local_reply",)


def local_reply(request: Message, error: BayeuxError, connection_type: str) -> Message:
    """The failed reply to `request`.

    Its ``extra["failure"]`` tells the HTTP status (or None), the reason, and whether the request may have reached the
    server, whose answer may then be lost, with events in it.
    """
    status = error.status if isinstance(error, TransportError) else None
    reply = Message(
        channel=request.channel,
        id=request.id,
        subscription=request.subscription,
        successful=False,
        error=str(error) if isinstance(error, MessageDropped) else f"{status or 503}::{error}",
    )
    reply.extra["failure"] = {
        "status": status,
        "reason": str(error),
        "sent": not _is_unsent(error),
        "connectionType": connection_type,
    }
    return reply


def _is_unsent(error: BayeuxError) -> bool:
    if isinstance(error, TransportError):
        return error.unsent
    return isinstance(error, MessageDropped | ExtensionError)
