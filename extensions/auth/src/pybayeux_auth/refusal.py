"""What a server's refusal says of the token.

A dead token is told by 401: as HTTP status, or as the code of a Bayeux error. Not every 401 is one: Faye's
``401:<client id>:Unknown client`` says that the session is gone, the token is good. Nor does Salesforce always say it
in `error`: the cause is in ``ext.sfdc.failureReason``. ``401::Authentication invalid`` with the cause ``503::Server is
too busy`` is no reason to log in again, while ``403::Handshake denied`` with a cause 401 is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import Message

if TYPE_CHECKING:
    from pybayeux import MessageError

__all__ = ("is_token_refused",)


def is_token_refused(reply: Message) -> bool:
    """Whether a failed reply, of the server or made locally, says that the token is dead."""
    failure = reply.extra.get("failure")
    if isinstance(failure, dict):
        return failure.get("status") == 401
    cause = _cause(reply)
    return cause is not None and cause.code == 401 and not cause.is_unknown_client


def _cause(reply: Message) -> MessageError | None:
    vendor = (reply.ext or {}).get("sfdc")
    reason = vendor.get("failureReason") if isinstance(vendor, dict) else None
    if isinstance(reason, str):
        return Message(channel=reply.channel, error=reason).parse_error()
    return reply.parse_error()
