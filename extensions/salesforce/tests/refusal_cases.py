"""Helper: the refusals of Salesforce, documented and observed, with the error and the remedies expected for each."""

from __future__ import annotations

from typing import Final, NamedTuple

from pybayeux.errors import Remedy
from pybayeux_salesforce import errors as sf

__all__ = ("CASES", "Case")

_TOO_BUSY: Final = "503::Server is too busy. Please try your request again later."
_PER_SERVER: Final = (
    "403::To protect all customers from excessive use and Denial of Service attacks, we limit the number of "
    "simultaneous connections per server. Your request has been denied because this limit has been exceeded."
)


class Case(NamedTuple):
    """A documented or observed refusal, and the error and remedy expected."""

    text: str
    """The ``error``; after ``<-`` the ``failureReason``, if any."""
    requests: str
    """The requests that are refused so: handshake, connect, subscribe."""
    kind: type[sf.SalesforceError]
    session: Remedy | None
    channel: Remedy | None
    waits: str = ""
    """The wait: empty for none, ``minutes`` or ``long``."""


_HANDSHAKE, _RETRY, _GIVE_UP = Remedy.HANDSHAKE, Remedy.RETRY, Remedy.GIVE_UP


def _channel_given_up(text: str, kind: type[sf.SalesforceError]) -> Case:
    return Case(text, "subscribe", kind, None, _GIVE_UP)


CASES: Final = [
    # the token is invalid; a session that auth starts with a fresh one takes precedence over GIVE_UP
    Case("401::Authentication invalid", "connect", sf.InvalidTokenError, _GIVE_UP, _HANDSHAKE),
    Case(
        "403::Handshake denied <- 401::Authentication invalid", "handshake", sf.InvalidTokenError, _GIVE_UP, _HANDSHAKE
    ),
    Case("401::Authentication invalid", "handshake", sf.InvalidTokenError, _GIVE_UP, _HANDSHAKE),
    Case(
        "403::Handshake denied <- 401::Request requires authentication",
        "handshake",
        sf.InvalidTokenError,
        _GIVE_UP,
        None,
    ),
    Case("401::Request requires authentication", "connect subscribe", sf.InvalidTokenError, _GIVE_UP, _HANDSHAKE),
    # overloaded, with a misleading error
    Case(
        f"401::Authentication invalid <- {_TOO_BUSY}",
        "connect handshake subscribe",
        sf.ServerBusyError,
        _HANDSHAKE,
        _RETRY,
        "minutes",
    ),
    Case(f"403::Handshake denied <- {_TOO_BUSY}", "handshake", sf.ServerBusyError, _HANDSHAKE, None, "minutes"),
    Case(
        f"403:denied_by_security_policy:subscribe_denied <- {_TOO_BUSY}",
        "subscribe",
        sf.ServerBusyError,
        None,
        _RETRY,
        "minutes",
    ),
    Case(_TOO_BUSY, "connect handshake subscribe", sf.ServerBusyError, _HANDSHAKE, _RETRY, "minutes"),
    # the session is unknown
    Case("403::Unknown client", "connect subscribe", sf.UnknownSessionError, _HANDSHAKE, _HANDSHAKE),
    Case("402::Unknown client", "connect subscribe", sf.UnknownSessionError, _HANDSHAKE, _HANDSHAKE),
    Case("403::Client has not completed handshake", "subscribe", sf.UnknownSessionError, None, _HANDSHAKE),
    # limits
    Case(f"403::Handshake denied <- {_PER_SERVER}", "handshake", sf.QuotaError, _HANDSHAKE, None, "long"),
    Case(
        "403::Handshake denied <- 403::Organization concurrent user limit exceeded",
        "handshake",
        sf.QuotaError,
        _HANDSHAKE,
        None,
        "long",
    ),
    Case("403::Organization concurrent user limit exceeded", "handshake", sf.QuotaError, _HANDSHAKE, None, "long"),
    Case(
        "403::Organization total events daily limit exceeded",
        "connect subscribe",
        sf.QuotaError,
        _HANDSHAKE,
        _RETRY,
        "long",
    ),
    Case("403::Subscription limit exceeded for this topic", "subscribe", sf.QuotaError, None, _RETRY, "long"),
    # permissions
    Case("403:denied_by_security_policy:create_denied", "handshake subscribe", sf.AccessError, _GIVE_UP, _GIVE_UP),
    _channel_given_up("403:denied_by_security_policy:subscribe_denied", sf.AccessError),
    Case("403::Handshake denied", "handshake", sf.AccessError, _GIVE_UP, None),
    _channel_given_up("403::Cannot create channel {/u/News}", sf.AccessError),
    _channel_given_up("403::Restricted channel", sf.AccessError),
    _channel_given_up("403::Subscriber does not have access to the entity in this topic", sf.AccessError),
    _channel_given_up(
        "403::Subscriber does not have access to all fields referenced in the where clause of the PushTopic",
        sf.AccessError,
    ),
    Case("403::User not enabled for streaming", "handshake subscribe", sf.AccessError, _GIVE_UP, _GIVE_UP),
    _channel_given_up("403::User not allowed to subscribe CDC without View All Data permissions", sf.AccessError),
    # positions
    _channel_given_up(
        "400::The replayId {4711} you provided was invalid. Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        sf.PositionRefusedError,
    ),
    _channel_given_up(
        "400::The replayId {4711} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        sf.PositionRefusedError,
    ),
    _channel_given_up(
        "400::The replayId for channel {/event/Order__e} wasn't found using the provided replay ID map "
        "{{/event/Order__e=null}}. Ensure that your replay ID map contains your channel.",
        sf.SetupError,
    ),
    # channels
    _channel_given_up(
        "400::The channel you requested to subscribe to does not exist {/event/Oder__e}", sf.ChannelError
    ),
    _channel_given_up("400::Channel name not specified", sf.ChannelError),
    _channel_given_up("400::Channel subscriptions must start with a leading '/'", sf.ChannelError),
    _channel_given_up("400::Query fields {Typo} do not exist on the topic entity", sf.ChannelError),
    _channel_given_up("404::Unknown channel", sf.ChannelError),
    _channel_given_up("404::channel names may not vary only by case", sf.ChannelError),
    # cookies
    Case(
        "400::Client 1q1ib66fvm7kli1gfoauu95i78g has established a session, but no BAYEUX_BROWSER cookie present",
        "connect subscribe handshake",
        sf.CookieError,
        _HANDSHAKE,
        _HANDSHAKE,
    ),
    Case(
        "400::Authenticated user id does not match the session's user id",
        "connect subscribe handshake",
        sf.CookieError,
        _HANDSHAKE,
        _HANDSHAKE,
    ),
    # wrong requests
    Case(
        "400::API version in the URI is mandatory. URI format: '/cometd/67.0'",
        "handshake connect",
        sf.SetupError,
        _GIVE_UP,
        None,
    ),
    Case(
        "400::Unsupported API version. Only API versions '37.0' and later are supported.",
        "handshake",
        sf.SetupError,
        _GIVE_UP,
        None,
    ),
    Case("400::Invalid connection type {websocket}", "handshake connect", sf.SetupError, _GIVE_UP, None),
    _channel_given_up("413::Maximum Request Size Exceeded", sf.RequestTooLargeError),
    # undocumented texts are classified by their code
    Case("400::Something else", "handshake", sf.SetupError, _GIVE_UP, None),
    _channel_given_up("400::Something else", sf.ChannelError),
    Case("403::Something else", "handshake subscribe", sf.AccessError, _GIVE_UP, _GIVE_UP),
    _channel_given_up("404::Something else", sf.ChannelError),
    Case("404::Something else", "handshake", sf.SetupError, _GIVE_UP, None),
    Case("500::Something else", "connect handshake", sf.ServerBusyError, _HANDSHAKE, None, "minutes"),
    Case("502::Something else", "connect", sf.ServerBusyError, _HANDSHAKE, None, "minutes"),
    Case("503::Something else", "connect", sf.ServerBusyError, _HANDSHAKE, None, "minutes"),
    Case("504::Something else", "connect", sf.ServerBusyError, _HANDSHAKE, None, "minutes"),
    Case("400::Something else", "connect", sf.SalesforceError, None, None),
    Case("403::Something else", "connect", sf.SalesforceError, None, None),
    Case("418::I'm a teapot", "handshake connect subscribe", sf.SalesforceError, None, None),
    Case("no code at all: {with} odd :: text", "handshake connect subscribe", sf.SalesforceError, None, None),
    Case("", "handshake connect subscribe", sf.SalesforceError, None, None),
    # a reason without meaning does not hide an error that has one
    Case("403::Unknown client <- Try again", "connect", sf.UnknownSessionError, _HANDSHAKE, None),
]
