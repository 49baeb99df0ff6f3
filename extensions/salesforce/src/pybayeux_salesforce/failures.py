"""Reading a refusal: where Salesforce says the cause, and what each cause means.

The cause is in ``ext.sfdc.failureReason`` where there is one, else in ``error``, else in the HTTP status. A documented
reply says ``401::Authentication invalid`` while its reason is ``503::Server is too busy``: who reads `error` alone logs
in for nothing, and may lock the user out ("Handling Streaming API Errors"). The table follows "Streaming API Error
Codes", both in the Streaming API Developer Guide, and what clients have met beside. A text that is in no row is judged
by its code. What is done about each meaning is in `remedies`.
"""

from __future__ import annotations

import re
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pybayeux import Message, MessageError
from pybayeux.errors import ConnectError, HandshakeError, SubscribeError

from .errors import (
    AccessError,
    ChannelError,
    CookieError,
    PositionRefusedError,
    QuotaError,
    RequestTooLargeError,
    SalesforceError,
    ServerBusyError,
    SessionGoneError,
    SetupError,
    TokenDeadError,
)

if TYPE_CHECKING:
    from pybayeux.errors import ReplyError, TransportError

__all__ = (
    "HTTP_ROWS",
    "ROWS",
    "Asked",
    "Reading",
    "Row",
    "asked",
    "failure_reason",
    "is_denied_without_reason",
    "read_exchange",
    "read_refusal",
    "row_of",
)

_NAMED_CLIENT: Final = re.compile(r"\bclient [a-z0-9]{16,}\b", re.IGNORECASE)


class Asked(Flag):
    """What was refused."""

    HANDSHAKE = auto()
    CONNECT = auto()
    SUBSCRIBE = auto()
    OTHER = auto()
    SESSION = HANDSHAKE | CONNECT
    ANY = HANDSHAKE | CONNECT | SUBSCRIBE | OTHER


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        code: The code; None for any.
        words: A regular expression that is found in the text, in lower case.
        kind: What it means.
        of: The requests of which it means that.
    """

    code: int | None
    words: str
    kind: type[SalesforceError]
    of: Asked = Asked.ANY


class Reading(NamedTuple):
    """What a refusal means.

    Attributes:
        kind: What it means.
        reason: What the server says of the cause, without client ids; None where it says nothing.
    """

    kind: type[SalesforceError]
    reason: MessageError | None


ROWS: Final = (
    # 402 is what servers before API 30.0 and other CometD servers say.
    Row(None, r"unknown client|session_unknown|unknown session", SessionGoneError),
    Row(403, r"has not completed (?:the )?handshake", SessionGoneError),
    Row(None, r"server is too busy", ServerBusyError),
    Row(401, r"", TokenDeadError),
    Row(403, r"number of simultaneous connections|to protect all customers", QuotaError),
    Row(403, r"concurrent user limit", QuotaError),
    Row(403, r"daily limit", QuotaError),
    Row(403, r"subscription limit", QuotaError),
    Row(403, r"create_denied|subscribe_denied|handshake denied", AccessError, Asked.SUBSCRIBE | Asked.HANDSHAKE),
    Row(403, r"cannot create channel|restricted channel", AccessError, Asked.SUBSCRIBE),
    Row(403, r"does not have access to|view all data|not enabled for streaming", AccessError),
    Row(400, r"replayid \{.*\} you provided was invalid", PositionRefusedError, Asked.SUBSCRIBE),
    Row(400, r"replayid for channel .* wasn.t found", SetupError, Asked.SUBSCRIBE),
    Row(400, r"channel you requested to subscribe to does not exist", ChannelError, Asked.SUBSCRIBE),
    Row(400, r"channel name not specified|leading '/'|query fields", ChannelError, Asked.SUBSCRIBE),
    Row(404, r"unknown channel|channel names may not vary only by case", ChannelError, Asked.SUBSCRIBE),
    Row(400, r"no .*cookie present", CookieError),
    Row(400, r"user id does not match the session", CookieError),
    Row(400, r"api version", SetupError),
    Row(400, r"invalid connection type", SetupError),
    Row(413, r"", RequestTooLargeError),
    # Texts that nobody has written down.
    Row(400, r"", ChannelError, Asked.SUBSCRIBE),
    Row(400, r"", SetupError, Asked.HANDSHAKE),
    Row(403, r"", AccessError, Asked.SUBSCRIBE | Asked.HANDSHAKE),
    Row(404, r"", ChannelError, Asked.SUBSCRIBE),
    Row(404, r"", SetupError, Asked.HANDSHAKE),
    Row(500, r"", ServerBusyError),
    Row(502, r"", ServerBusyError),
    Row(503, r"", ServerBusyError),
    Row(504, r"", ServerBusyError),
)
"""What is said, and what it means: the first row that fits."""

HTTP_ROWS: Final = {
    401: TokenDeadError,
    404: SetupError,
    410: SetupError,
    413: RequestTooLargeError,
}
"""What an HTTP status means that comes without a Bayeux reply. Others are the network's, and tried again."""


def failure_reason(reply: Message) -> str | None:
    """The text of ``ext.sfdc.failureReason``."""
    vendor: Any = (reply.ext or {}).get("sfdc")
    reason = vendor.get("failureReason") if isinstance(vendor, dict) else None
    return reason if isinstance(reason, str) and reason.strip() else None


def is_denied_without_reason(refusal: ReplyError) -> bool:
    """Whether a handshake, or what a subscribe needs, was denied and nothing says why.

    The token may be dead, or a permission be missing: the words of the security policy tell no difference.
    """
    if refusal.reply is None or failure_reason(refusal.reply) is not None:
        return False
    error = (refusal.reply.error or "").lower()
    if isinstance(refusal, HandshakeError):
        return "create_denied" in error or "handshake denied" in error
    return isinstance(refusal, SubscribeError) and "create_denied" in error


def asked(refusal: ReplyError) -> Asked:
    """What was refused."""
    if isinstance(refusal, HandshakeError):
        return Asked.HANDSHAKE
    if isinstance(refusal, ConnectError):
        return Asked.CONNECT
    return Asked.SUBSCRIBE if isinstance(refusal, SubscribeError) else Asked.OTHER


def read_refusal(refusal: ReplyError) -> Reading:
    """What a refusal means. It is a bare `SalesforceError` where neither the cause nor the error tells."""
    reply = refusal.reply
    if reply is None:
        return Reading(SalesforceError, None)
    what = asked(refusal)
    cause, error = (_parsed(text, reply) for text in (failure_reason(reply), reply.error))
    for each in (cause, error):
        if each is not None and (row := row_of(each, what)) is not None:
            return Reading(row.kind, cause or error)
    return Reading(SalesforceError, cause or error)


def row_of(reason: MessageError, what: Asked) -> Row | None:
    """The row of the table that fits a cause, said of such a request."""
    # In "403:denied_by_security_policy:create_denied" the arguments are a part of what is said.
    text = " ".join([*reason.args, reason.message]).lower()
    for row in ROWS:
        if row.code in (None, reason.code) and what in row.of and re.search(row.words, text):
            return row
    return None


def read_exchange(error: TransportError) -> type[SalesforceError] | None:
    """What a failed exchange means; None where it is no more than that."""
    if error.status is None:
        return None
    if error.status == 400 and "api version" in error.body.lower():
        return SetupError
    return HTTP_ROWS.get(error.status)


def _parsed(text: str | None, reply: Message) -> MessageError | None:
    if text is None:
        return None
    if reply.client_id:
        text = text.replace(reply.client_id, "***")
    return Message(channel=reply.channel, error=_NAMED_CLIENT.sub("client ***", text)).parse_error()
