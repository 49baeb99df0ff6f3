from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pybayeux import Advice, Message
from pybayeux.errors import ConnectError, HandshakeError, Remedy, ReplyError, SubscribeError, TransportError
from pybayeux_salesforce import errors as sf
from pybayeux_salesforce.backoff import Backoff
from pybayeux_salesforce.refusals import (
    RULES,
    RefusedRequest,
    classify_refusal,
    classify_transport_error,
    failure_reason,
    find_rule,
    is_denied_without_reason,
    refused_request,
)
from pybayeux_salesforce.remedies import RemedyPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOO_BUSY: Final = "503::Server is too busy. Please try your request again later."
_PER_SERVER: Final = (
    "403::To protect all customers from excessive use and Denial of Service attacks, we limit the number of "
    "simultaneous connections per server. Your request has been denied because this limit has been exceeded."
)
_ORDERS: Final = "/event/Order__e"


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
    Case("403:denied_by_security_policy:subscribe_denied", "subscribe", sf.AccessError, None, _GIVE_UP),
    Case("403::Handshake denied", "handshake", sf.AccessError, _GIVE_UP, None),
    Case("403::Cannot create channel {/u/News}", "subscribe", sf.AccessError, None, _GIVE_UP),
    Case("403::Restricted channel", "subscribe", sf.AccessError, None, _GIVE_UP),
    Case(
        "403::Subscriber does not have access to the entity in this topic", "subscribe", sf.AccessError, None, _GIVE_UP
    ),
    Case(
        "403::Subscriber does not have access to all fields referenced in the where clause of the PushTopic",
        "subscribe",
        sf.AccessError,
        None,
        _GIVE_UP,
    ),
    Case("403::User not enabled for streaming", "handshake subscribe", sf.AccessError, _GIVE_UP, _GIVE_UP),
    Case(
        "403::User not allowed to subscribe CDC without View All Data permissions",
        "subscribe",
        sf.AccessError,
        None,
        _GIVE_UP,
    ),
    # positions
    Case(
        "400::The replayId {4711} you provided was invalid. Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        "subscribe",
        sf.PositionRefusedError,
        None,
        _GIVE_UP,
    ),
    Case(
        "400::The replayId {4711} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        "subscribe",
        sf.PositionRefusedError,
        None,
        _GIVE_UP,
    ),
    Case(
        "400::The replayId for channel {/event/Order__e} wasn't found using the provided replay ID map "
        "{{/event/Order__e=null}}. Ensure that your replay ID map contains your channel.",
        "subscribe",
        sf.SetupError,
        None,
        _GIVE_UP,
    ),
    # channels
    Case(
        "400::The channel you requested to subscribe to does not exist {/event/Oder__e}",
        "subscribe",
        sf.ChannelError,
        None,
        _GIVE_UP,
    ),
    Case("400::Channel name not specified", "subscribe", sf.ChannelError, None, _GIVE_UP),
    Case("400::Channel subscriptions must start with a leading '/'", "subscribe", sf.ChannelError, None, _GIVE_UP),
    Case("400::Query fields {Typo} do not exist on the topic entity", "subscribe", sf.ChannelError, None, _GIVE_UP),
    Case("404::Unknown channel", "subscribe", sf.ChannelError, None, _GIVE_UP),
    Case("404::channel names may not vary only by case", "subscribe", sf.ChannelError, None, _GIVE_UP),
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
    Case("413::Maximum Request Size Exceeded", "subscribe", sf.RequestTooLargeError, None, _GIVE_UP),
    # undocumented texts are classified by their code
    Case("400::Something else", "handshake", sf.SetupError, _GIVE_UP, None),
    Case("400::Something else", "subscribe", sf.ChannelError, None, _GIVE_UP),
    Case("403::Something else", "handshake subscribe", sf.AccessError, _GIVE_UP, _GIVE_UP),
    Case("404::Something else", "subscribe", sf.ChannelError, None, _GIVE_UP),
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


def _cases() -> Iterator[Any]:
    for case in CASES:
        for where in case.requests.split():
            yield pytest.param(case, where, id=f"{where}: {case.text[:70]}")


def _refusal(text: str, request: str, **fields: Any) -> ReplyError:
    error, _, reason = text.partition(" <- ")
    reply = Message(
        channel=f"/meta/{request}",
        successful=False,
        error=error,
        ext={"sfdc": {"failureReason": reason}, "replay": True} if reason else None,
        advice=Advice(reconnect="none", interval=0),
        **fields,
    )
    if request == "subscribe":
        return SubscribeError(_ORDERS, reply=reply)
    return {"handshake": HandshakeError, "connect": ConnectError}[request](reply.channel, reply=reply)


class _NoJitter(Random):
    def random(self) -> float:
        return 0.0


_WAITS: Final = {"": 0.0, "minutes": 120.0, "long": 300.0}


@pytest.mark.parametrize(("case", "where"), list(_cases()))
def test_error_class_and_remedy_of_every_refusal(case: Case, where: str) -> None:
    refusal = _refusal(case.text, where)
    classification = classify_refusal(refusal)
    assert classification.kind is case.kind
    remedies = RemedyPolicy(Backoff(120, 900, _NoJitter()), Backoff(300, 3600, _NoJitter()))
    decision = remedies.choose(classification.kind, refused_request(refusal), refusal.channel, now=0.0)
    assert decision.remedy is (case.channel if where == "subscribe" else case.session)
    assert decision.wait == _WAITS[case.waits]


def test_every_rule_decides_a_case() -> None:
    deciding = set()
    for case in CASES:
        error, _, reason = case.text.partition(" <- ")
        said = Message(channel="/meta/connect", error=reason or error).parse_error()
        assert said is not None
        deciding |= {find_rule(said, RefusedRequest[where.upper()]) for where in case.requests.split()}
    assert [row for row in RULES if row not in deciding] == []


def test_the_reason_contains_no_client_ids() -> None:
    said = "400::x <- 400::Client 1q1ib66fvm7kli1gfoauu95i78g has established a session, but no cookie is present"
    reason = classify_refusal(_refusal(said, "connect")).reason
    assert reason is not None
    assert "1q1ib66fvm7kli1gfoauu95i78g" not in str(reason)
    named = classify_refusal(_refusal("400::x <- 400::short1 is unknown", "connect", client_id="short1")).reason
    assert str(named) == "400::*** is unknown"


def test_a_refusal_without_a_reply_is_a_salesforce_error() -> None:
    refusal = ConnectError("/meta/connect", cause=OSError("gone"))
    assert classify_refusal(refusal) == (sf.SalesforceError, None)


@pytest.mark.parametrize("vendor", [None, {}, {"sfdc": None}, {"sfdc": {}}, {"sfdc": {"failureReason": 7}}])
def test_an_ext_without_failure_reason(vendor: Any) -> None:
    assert failure_reason(Message(channel="/meta/connect", ext=vendor)) is None


def test_refused_request_of_an_error() -> None:
    refused = [_refusal("", where) for where in ("handshake", "connect", "subscribe")]
    assert [refused_request(each) for each in (*refused, ReplyError("/event/x"))] == [
        RefusedRequest.HANDSHAKE,
        RefusedRequest.CONNECT,
        RefusedRequest.SUBSCRIBE,
        RefusedRequest.OTHER,
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "", sf.InvalidTokenError),
        (404, "<html>Not Found</html>", sf.SetupError),
        (410, "", sf.SetupError),
        (413, "Maximum Request Size Exceeded", sf.RequestTooLargeError),
        (400, "Unsupported API version", sf.SetupError),
        (400, "something else", None),
        (408, "", None),
        (412, "", None),
        (500, "<html>", None),
        (502, "<html>", None),
        (503, "", None),
        (504, "", None),
        (None, "", None),
    ],
)
def test_error_class_of_an_http_status(status: int | None, body: str, kind: Any) -> None:
    assert classify_transport_error(TransportError("HTTP", status=status, body=body)) is kind


@pytest.mark.parametrize(
    ("where", "said", "is_one"),
    [
        ("handshake", "403:denied_by_security_policy:create_denied", True),
        ("handshake", "403::Handshake denied", True),
        ("handshake", "403::Handshake denied <- 403::User not enabled for streaming", False),
        ("handshake", "403::Organization concurrent user limit exceeded", False),
        ("handshake", "", False),
        ("subscribe", "403:denied_by_security_policy:create_denied", True),
        ("subscribe", "403:denied_by_security_policy:create_denied <- 503::Server is too busy", False),
        ("subscribe", "403:denied_by_security_policy:subscribe_denied", False),
        ("connect", "403:denied_by_security_policy:create_denied", False),
    ],
)
def test_is_denied_without_reason(where: str, said: str, is_one: bool) -> None:
    assert is_denied_without_reason(_refusal(said, where)) is is_one


def test_a_local_failure_is_not_denied() -> None:
    assert not is_denied_without_reason(HandshakeError("/meta/handshake", cause=OSError("create_denied")))
