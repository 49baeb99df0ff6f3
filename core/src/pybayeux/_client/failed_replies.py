"""Replies that are made locally, for requests that the server never answered.

Owns their form, and who sees them in which order: the extensions in `incoming` like any other reply, as with CometD's
Java client, then the listeners, then the session. It does not know what the session makes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import BayeuxError, ExtensionError, MessageDropped, TransportError
from ..message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .hooks import Vetoes
    from .incoming import IncomingQueue
    from .listeners import Listeners

__all__ = ("FailedReplies", "failed_reply")


class FailedReplies:
    """Shows failures to the extensions and the listeners of a client.

    Args:
        incoming: Runs the extensions on what comes in.
        listeners: Are called with the replies.
    """

    def __init__(self, incoming: IncomingQueue, listeners: Listeners) -> None:
        self._incoming: Final = incoming
        self._listeners: Final = listeners

    def show(
        self, requests: Iterable[Message], error: BayeuxError, connection_type: str, then: Callable[[], None]
    ) -> None:
        """Make a failed reply to each request, and show them; then have the session told, in its own way."""
        replies = [failed_reply(request, error, connection_type) for request in requests]

        def take(vetoes: Vetoes) -> None:
            self._listeners.notify([reply for reply in replies if id(reply) not in vetoes])
            then()

        self._incoming.put(replies, take)


def failed_reply(request: Message, error: BayeuxError, connection_type: str) -> Message:
    """The failed reply to a request that the server did not answer.

    Its ``extra["failure"]`` has the HTTP status (or None), the reason, and whether the request may have reached the
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
