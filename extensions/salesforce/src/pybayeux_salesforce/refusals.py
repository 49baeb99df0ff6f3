"""Refusals of the server: the table that maps causes to errors, and where in a reply the cause is.

The cause is in ``ext.sfdc.failureReason`` if present, else in ``error``, else in the HTTP status. A documented reply
has the error ``401::Authentication invalid`` and the reason ``503::Server is too busy``: a client that reads `error`
only would log in for nothing, and might lock the user out ("Handling Streaming API Errors"). The table follows
"Streaming API Error Codes", both in the Streaming API Developer Guide, and refusals that clients have met. A text that
matches no other rule is classified by its code. What the client does about each error is in `remedies`.
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
    InvalidTokenError,
    PositionRefusedError,
    QuotaError,
    RequestTooLargeError,
    SalesforceError,
    ServerBusyError,
    SetupError,
    UnknownSessionError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux.errors import ReplyError, TransportError

__all__ = (
    "HTTP_RULES",
    "RULES",
    "Classification",
    "RefusedRequest",
    "Rule",
    "classify_refusal",
    "classify_transport_error",
    "failure_reason",
    "find_rule",
    "is_denied_without_reason",
    "refused_request",
)

_NAMED_CLIENT: Final = re.compile(r"\bclient [a-z0-9]{16,}\b", re.IGNORECASE)


class RefusedRequest(Flag):
    """The kind of request that was refused."""

    HANDSHAKE = auto()
    CONNECT = auto()
    SUBSCRIBE = auto()
    OTHER = auto()
    SESSION = HANDSHAKE | CONNECT
    ANY = HANDSHAKE | CONNECT | SUBSCRIBE | OTHER


class Rule(NamedTuple):
    """A row of the table: a refusal that matches `code`, `pattern` and `requests` is an error of class `kind`.

    Attributes:
        code: The code of the refusal; None for any.
        pattern: A regular expression, searched for in the text of the refusal in lower case.
        kind: The class of the error.
        requests: The kinds of requests to which the rule applies.
    """

    code: int | None
    pattern: str
    kind: type[SalesforceError]
    requests: RefusedRequest = RefusedRequest.ANY


class Classification(NamedTuple):
    """The meaning of a refusal.

    Attributes:
        kind: The class of the error.
        reason: The cause as the server states it, without client ids; None if the server states none.
    """

    kind: type[SalesforceError]
    reason: MessageError | None


_DENIABLE: Final = RefusedRequest.SUBSCRIBE | RefusedRequest.HANDSHAKE

RULES: Final = (
    # The code varies: servers before API 30.0 and other CometD servers answer 402.
    Rule(None, r"unknown client|session_unknown|unknown session", UnknownSessionError),
    Rule(403, r"has not completed (?:the )?handshake", UnknownSessionError),
    Rule(None, r"server is too busy", ServerBusyError),
    Rule(401, r"", InvalidTokenError),
    Rule(403, r"number of simultaneous connections|to protect all customers", QuotaError),
    Rule(403, r"concurrent user limit", QuotaError),
    Rule(403, r"daily limit", QuotaError),
    Rule(403, r"subscription limit", QuotaError),
    Rule(
        403,
        r"create_denied|subscribe_denied|handshake denied",
        AccessError,
        RefusedRequest.SUBSCRIBE | RefusedRequest.HANDSHAKE,
    ),
    Rule(403, r"cannot create channel|restricted channel", AccessError, RefusedRequest.SUBSCRIBE),
    Rule(403, r"does not have access to|view all data|not enabled for streaming", AccessError),
    Rule(400, r"replayid \{.*\} you provided was invalid", PositionRefusedError, RefusedRequest.SUBSCRIBE),
    Rule(400, r"replayid for channel .* wasn.t found", SetupError, RefusedRequest.SUBSCRIBE),
    Rule(400, r"channel you requested to subscribe to does not exist", ChannelError, RefusedRequest.SUBSCRIBE),
    Rule(400, r"channel name not specified|leading '/'|query fields", ChannelError, RefusedRequest.SUBSCRIBE),
    Rule(404, r"unknown channel|channel names may not vary only by case", ChannelError, RefusedRequest.SUBSCRIBE),
    Rule(400, r"no .*cookie present", CookieError),
    Rule(400, r"user id does not match the session", CookieError),
    Rule(400, r"api version", SetupError),
    Rule(400, r"invalid connection type", SetupError),
    Rule(413, r"", RequestTooLargeError),
    # Undocumented texts are classified by their code.
    Rule(400, r"", ChannelError, RefusedRequest.SUBSCRIBE),
    Rule(400, r"", SetupError, RefusedRequest.HANDSHAKE),
    Rule(403, r"", AccessError, _DENIABLE),
    Rule(404, r"", ChannelError, RefusedRequest.SUBSCRIBE),
    Rule(404, r"", SetupError, RefusedRequest.HANDSHAKE),
    Rule(500, r"", ServerBusyError),
    Rule(502, r"", ServerBusyError),
    Rule(503, r"", ServerBusyError),
    Rule(504, r"", ServerBusyError),
)
"""The table; the first rule that matches applies."""

HTTP_RULES: Final[Mapping[int, type[SalesforceError]]] = {
    401: InvalidTokenError,
    404: SetupError,
    410: SetupError,
    413: RequestTooLargeError,
}
"""The class of an error by its HTTP status, if there is no Bayeux reply. Other statuses are retried by the client."""


def failure_reason(reply: Message) -> str | None:
    """Return ``ext.sfdc.failureReason`` of a reply; None if it is missing or empty."""
    vendor: Any = (reply.ext or {}).get("sfdc")
    reason = vendor.get("failureReason") if isinstance(vendor, dict) else None
    return reason if isinstance(reason, str) and reason.strip() else None


def is_denied_without_reason(refusal: ReplyError) -> bool:
    """Whether a handshake or a subscribe was denied by the security policy, without a stated cause.

    Either the token is no longer valid or a permission is missing: the server's text is the same for both.
    """
    if refusal.reply is None or failure_reason(refusal.reply) is not None:
        return False
    error = (refusal.reply.error or "").lower()
    if isinstance(refusal, HandshakeError):
        return "create_denied" in error or "handshake denied" in error
    return isinstance(refusal, SubscribeError) and "create_denied" in error


def refused_request(refusal: ReplyError) -> RefusedRequest:
    """Return the kind of request that was refused."""
    if isinstance(refusal, HandshakeError):
        return RefusedRequest.HANDSHAKE
    if isinstance(refusal, ConnectError):
        return RefusedRequest.CONNECT
    return RefusedRequest.SUBSCRIBE if isinstance(refusal, SubscribeError) else RefusedRequest.OTHER


def classify_refusal(refusal: ReplyError) -> Classification:
    """Classify a refused request. The kind is `SalesforceError` itself if no rule matches cause or error."""
    reply = refusal.reply
    if reply is None:
        return Classification(SalesforceError, None)
    request = refused_request(refusal)
    cause, error = (_parsed(text, reply) for text in (failure_reason(reply), reply.error))
    for each in (cause, error):
        if each is not None and (rule := find_rule(each, request)) is not None:
            return Classification(rule.kind, cause or error)
    return Classification(SalesforceError, cause or error)


def find_rule(reason: MessageError, request: RefusedRequest) -> Rule | None:
    """Return the first rule that matches a cause and the kind of request; None if there is none."""
    # "403:denied_by_security_policy:create_denied" has its text in the arguments.
    text = " ".join([*reason.args, reason.message]).lower()
    for rule in RULES:
        if rule.code in (None, reason.code) and request in rule.requests and re.search(rule.pattern, text):
            return rule
    return None


def classify_transport_error(error: TransportError) -> type[SalesforceError] | None:
    """Return the class of a failed exchange; None if its HTTP status has no meaning of its own at Salesforce."""
    if error.status is None:
        return None
    if error.status == 400 and "api version" in error.body.lower():
        return SetupError
    return HTTP_RULES.get(error.status)


def _parsed(text: str | None, reply: Message) -> MessageError | None:
    if text is None:
        return None
    if reply.client_id:
        text = text.replace(reply.client_id, "***")
    return Message(channel=reply.channel, error=_NAMED_CLIENT.sub("client ***", text)).parse_error()
