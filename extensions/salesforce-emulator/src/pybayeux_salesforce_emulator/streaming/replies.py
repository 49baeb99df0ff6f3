"""The members of an org's replies. Nothing is decided here.

Sources: traces in CometD.NetCore.Salesforce#43, cometd#775, salesforce-streaming-client#15; errors in "Handling
Streaming API Errors".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.toolkit import Refused

from ..texts import AUTHENTICATION_INVALID, HANDSHAKE_DENIED

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

__all__ = ("DENIED_ADVICE", "ERROR_ADVICE", "HANDSHAKE_ADVICE", "denied", "failure", "overloaded", "reply")

ERROR_ADVICE: Final[Json] = {"reconnect": "none", "interval": 0}
"""The advice with errors of connects."""
HANDSHAKE_ADVICE: Final[Json] = {"interval": 0, "reconnect": "handshake"}
"""The advice to an unknown client."""
DENIED_ADVICE: Final[Json] = {"reconnect": "none"}
"""The advice with a denied handshake."""

_NEGOTIATED: Final[Json] = {"replay": True, "payload.format": True}


def reply(request: Json, **members: Any) -> Json:
    """A reply with the request's channel and id. Members that are None are left out."""
    message: Json = {
        **members,
        "channel": request.get("channel"),
        "id": request.get("id"),
        "successful": members.get("successful", True),
    }
    return {name: value for name, value in message.items() if value is not None}


def negotiated(cause: str | None = None) -> Json:
    """The ``ext`` of a handshake's reply."""
    return {**_NEGOTIATED} if cause is None else {"sfdc": {"failureReason": cause}, **_NEGOTIATED}


def failure(request: Json, error: str, **members: Any) -> Json:
    """An unsuccessful reply. It repeats the subscription of the request."""
    return reply(
        request, **{"subscription": request.get("subscription"), **members, "error": error, "successful": False}
    )


def denied(cause: str) -> Refused:
    """A denied handshake. Its cause is in ``ext.sfdc.failureReason`` only."""
    return Refused(HANDSHAKE_DENIED, ext=negotiated(cause), advice=DENIED_ADVICE)


def overloaded(cause: str, error: str = AUTHENTICATION_INVALID, **members: Any) -> Refused:
    """A refusal whose cause is in ``ext.sfdc.failureReason``. Its error is misleading, as in real orgs."""
    return Refused(error, ext={"sfdc": {"failureReason": cause}}, **members)
