from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pybayeux import Advice, Message
from pybayeux.errors import ConnectError, HandshakeError, Remedy, ReplyError, SubscribeError, TransportError
from pybayeux_salesforce import errors as sf
from pybayeux_salesforce.failures import (
    ROWS,
    Asked,
    asked,
    failure_reason,
    is_denied_without_reason,
    read_exchange,
    read_refusal,
    row_of,
)
from pybayeux_salesforce.pace import Pace
from pybayeux_salesforce.remedies import Remedies

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOO_BUSY: Final = "503::Server is too busy. Please try your request again later."
_PER_SERVER: Final = (
    "403::To protect all customers from excessive use and Denial of Service attacks, we limit the number of "
    "simultaneous connections per server. Your request has been denied because this limit has been exceeded."
)
_ORDERS: Final = "/event/Order__e"


class Case(NamedTuple):
    """A row of the documented and observed errors, and what is to come of it."""

    said: str
    """``error``, and after ``<-`` the ``failureReason`` where there is one."""
    where: str
    """Of which requests: handshake, connect, subscribe."""
    kind: type[sf.SalesforceError]
    session: Remedy | None
    channel: Remedy | None
    waits: str = ""
    """How long: ``minutes`` or ``long``."""


_AGAIN, _LATER, _NEVER = Remedy.HANDSHAKE, Remedy.RETRY, Remedy.GIVE_UP
CASES: Final = [
    # the token is dead; where auth has begun a session with another one, that goes before GIVE_UP
    Case("401::Authentication invalid", "connect", sf.TokenDeadError, _NEVER, _AGAIN),
    Case("403::Handshake denied <- 401::Authentication invalid", "handshake", sf.TokenDeadError, _NEVER, _AGAIN),
    Case("401::Authentication invalid", "handshake", sf.TokenDeadError, _NEVER, _AGAIN),
    Case("403::Handshake denied <- 401::Request requires authentication", "handshake", sf.TokenDeadError, _NEVER, None),
    Case("401::Request requires authentication", "connect subscribe", sf.TokenDeadError, _NEVER, _AGAIN),
    # overloaded, in disguise
    Case(
        f"401::Authentication invalid <- {_TOO_BUSY}",
        "connect handshake subscribe",
        sf.ServerBusyError,
        _AGAIN,
        _LATER,
        "minutes",
    ),
    Case(f"403::Handshake denied <- {_TOO_BUSY}", "handshake", sf.ServerBusyError, _AGAIN, None, "minutes"),
    Case(
        f"403:denied_by_security_policy:subscribe_denied <- {_TOO_BUSY}",
        "subscribe",
        sf.ServerBusyError,
        None,
        _LATER,
        "minutes",
    ),
    Case(_TOO_BUSY, "connect handshake subscribe", sf.ServerBusyError, _AGAIN, _LATER, "minutes"),
    # the session is gone
    Case("403::Unknown client", "connect subscribe", sf.SessionGoneError, _AGAIN, _AGAIN),
    Case("402::Unknown client", "connect subscribe", sf.SessionGoneError, _AGAIN, _AGAIN),
    Case("403::Client has not completed handshake", "subscribe", sf.SessionGoneError, None, _AGAIN),
    # limits
    Case(f"403::Handshake denied <- {_PER_SERVER}", "handshake", sf.QuotaError, _AGAIN, None, "long"),
    Case(
        "403::Handshake denied <- 403::Organization concurrent user limit exceeded",
        "handshake",
        sf.QuotaError,
        _AGAIN,
        None,
        "long",
    ),
    Case("403::Organization concurrent user limit exceeded", "handshake", sf.QuotaError, _AGAIN, None, "long"),
    Case(
        "403::Organization total events daily limit exceeded",
        "connect subscribe",
        sf.QuotaError,
        _AGAIN,
        _LATER,
        "long",
    ),
    Case("403::Subscription limit exceeded for this topic", "subscribe", sf.QuotaError, None, _LATER, "long"),
    # permissions
    Case("403:denied_by_security_policy:create_denied", "handshake subscribe", sf.AccessError, _NEVER, _NEVER),
    Case("403:denied_by_security_policy:subscribe_denied", "subscribe", sf.AccessError, None, _NEVER),
    Case("403::Handshake denied", "handshake", sf.AccessError, _NEVER, None),
    Case("403::Cannot create channel {/u/News}", "subscribe", sf.AccessError, None, _NEVER),
    Case("403::Restricted channel", "subscribe", sf.AccessError, None, _NEVER),
    Case("403::Subscriber does not have access to the entity in this topic", "subscribe", sf.AccessError, None, _NEVER),
    Case(
        "403::Subscriber does not have access to all fields referenced in the where clause of the PushTopic",
        "subscribe",
        sf.AccessError,
        None,
        _NEVER,
    ),
    Case("403::User not enabled for streaming", "handshake subscribe", sf.AccessError, _NEVER, _NEVER),
    Case(
        "403::User not allowed to subscribe CDC without View All Data permissions",
        "subscribe",
        sf.AccessError,
        None,
        _NEVER,
    ),
    # positions
    Case(
        "400::The replayId {4711} you provided was invalid. Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        "subscribe",
        sf.PositionRefusedError,
        None,
        _NEVER,
    ),
    Case(
        "400::The replayId {4711} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
        "to replay only new events.",
        "subscribe",
        sf.PositionRefusedError,
        None,
        _NEVER,
    ),
    Case(
        "400::The replayId for channel {/event/Order__e} wasn't found using the provided replay ID map "
        "{{/event/Order__e=null}}. Ensure that your replay ID map contains your channel.",
        "subscribe",
        sf.SetupError,
        None,
        _NEVER,
    ),
    # channels
    Case(
        "400::The channel you requested to subscribe to does not exist {/event/Oder__e}",
        "subscribe",
        sf.ChannelError,
        None,
        _NEVER,
    ),
    Case("400::Channel name not specified", "subscribe", sf.ChannelError, None, _NEVER),
    Case("400::Channel subscriptions must start with a leading '/'", "subscribe", sf.ChannelError, None, _NEVER),
    Case("400::Query fields {Typo} do not exist on the topic entity", "subscribe", sf.ChannelError, None, _NEVER),
    Case("404::Unknown channel", "subscribe", sf.ChannelError, None, _NEVER),
    Case("404::channel names may not vary only by case", "subscribe", sf.ChannelError, None, _NEVER),
    # cookies
    Case(
        "400::Client 1q1ib66fvm7kli1gfoauu95i78g has established a session, but no BAYEUX_BROWSER cookie present",
        "connect subscribe handshake",
        sf.CookieError,
        _AGAIN,
        _AGAIN,
    ),
    Case(
        "400::Authenticated user id does not match the session's user id",
        "connect subscribe handshake",
        sf.CookieError,
        _AGAIN,
        _AGAIN,
    ),
    # the client's own fault
    Case(
        "400::API version in the URI is mandatory. URI format: '/cometd/67.0'",
        "handshake connect",
        sf.SetupError,
        _NEVER,
        None,
    ),
    Case(
        "400::Unsupported API version. Only API versions '37.0' and later are supported.",
        "handshake",
        sf.SetupError,
        _NEVER,
        None,
    ),
    Case("400::Invalid connection type {websocket}", "handshake connect", sf.SetupError, _NEVER, None),
    Case("413::Maximum Request Size Exceeded", "subscribe", sf.RequestTooLargeError, None, _NEVER),
    # what nobody has written down falls back on its code
    Case("400::Something else", "handshake", sf.SetupError, _NEVER, None),
    Case("400::Something else", "subscribe", sf.ChannelError, None, _NEVER),
    Case("403::Something else", "handshake subscribe", sf.AccessError, _NEVER, _NEVER),
    Case("404::Something else", "subscribe", sf.ChannelError, None, _NEVER),
    Case("404::Something else", "handshake", sf.SetupError, _NEVER, None),
    Case("500::Something else", "connect handshake", sf.ServerBusyError, _AGAIN, None, "minutes"),
    Case("502::Something else", "connect", sf.ServerBusyError, _AGAIN, None, "minutes"),
    Case("503::Something else", "connect", sf.ServerBusyError, _AGAIN, None, "minutes"),
    Case("504::Something else", "connect", sf.ServerBusyError, _AGAIN, None, "minutes"),
    Case("400::Something else", "connect", sf.SalesforceError, None, None),
    Case("403::Something else", "connect", sf.SalesforceError, None, None),
    Case("418::I'm a teapot", "handshake connect subscribe", sf.SalesforceError, None, None),
    Case("no code at all: {with} odd :: text", "handshake connect subscribe", sf.SalesforceError, None, None),
    Case("", "handshake connect subscribe", sf.SalesforceError, None, None),
    # a reason that says nothing does not hide an error that does
    Case("403::Unknown client <- Try again", "connect", sf.SessionGoneError, _AGAIN, None),
]


def _each() -> Iterator[Any]:
    for case in CASES:
        for where in case.where.split():
            yield pytest.param(case, where, id=f"{where}: {case.said[:70]}")


def _refusal(said: str, where: str, **fields: Any) -> ReplyError:
    error, _, reason = said.partition(" <- ")
    reply = Message(
        channel=f"/meta/{where}",
        successful=False,
        error=error,
        ext={"sfdc": {"failureReason": reason}, "replay": True} if reason else None,
        advice=Advice(reconnect="none", interval=0),
        **fields,
    )
    if where == "subscribe":
        return SubscribeError(_ORDERS, reply=reply)
    return {"handshake": HandshakeError, "connect": ConnectError}[where](reply.channel, reply=reply)


class _NoChance(Random):
    def random(self) -> float:
        return 0.0


_WAITS: Final = {"": 0.0, "minutes": 120.0, "long": 300.0}


@pytest.mark.parametrize(("case", "where"), list(_each()))
def test_every_refusal_has_its_meaning_and_its_remedy(case: Case, where: str) -> None:
    refusal = _refusal(case.said, where)
    reading = read_refusal(refusal)
    assert reading.kind is case.kind
    remedies = Remedies(Pace(120, 900, _NoChance()), Pace(300, 3600, _NoChance()))
    treatment = remedies.treat(reading.kind, asked(refusal), refusal.channel, now=0.0)
    assert treatment.remedy is (case.channel if where == "subscribe" else case.session)
    assert treatment.wait == _WAITS[case.waits]


def test_no_row_of_the_table_is_idle() -> None:
    """Each decides about one of the cases."""
    deciding = set()
    for case in CASES:
        error, _, reason = case.said.partition(" <- ")
        said = Message(channel="/meta/connect", error=reason or error).parse_error()
        assert said is not None
        deciding |= {row_of(said, Asked[where.upper()]) for where in case.where.split()}
    assert [row for row in ROWS if row not in deciding] == []


def test_the_reason_is_told_without_client_ids() -> None:
    said = "400::x <- 400::Client 1q1ib66fvm7kli1gfoauu95i78g has established a session, but no cookie is present"
    reason = read_refusal(_refusal(said, "connect")).reason
    assert reason is not None
    assert "1q1ib66fvm7kli1gfoauu95i78g" not in str(reason)
    named = read_refusal(_refusal("400::x <- 400::short1 is unknown", "connect", client_id="short1")).reason
    assert str(named) == "400::*** is unknown"


def test_a_refusal_without_a_reply_means_nothing_more() -> None:
    refusal = ConnectError("/meta/connect", cause=OSError("gone"))
    assert read_refusal(refusal) == (sf.SalesforceError, None)


@pytest.mark.parametrize("vendor", [None, {}, {"sfdc": None}, {"sfdc": {}}, {"sfdc": {"failureReason": 7}}])
def test_an_ext_without_a_reason_has_none(vendor: Any) -> None:
    assert failure_reason(Message(channel="/meta/connect", ext=vendor)) is None


def test_what_was_refused_is_told_by_the_error() -> None:
    refused = [_refusal("", where) for where in ("handshake", "connect", "subscribe")]
    assert [asked(each) for each in (*refused, ReplyError("/event/x"))] == [
        Asked.HANDSHAKE,
        Asked.CONNECT,
        Asked.SUBSCRIBE,
        Asked.OTHER,
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "", sf.TokenDeadError),
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
def test_an_http_status_counts_where_there_is_no_reply(status: int | None, body: str, kind: Any) -> None:
    assert read_exchange(TransportError("HTTP", status=status, body=body)) is kind


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
def test_a_denial_that_says_nothing_is_told_from_others(where: str, said: str, is_one: bool) -> None:
    assert is_denied_without_reason(_refusal(said, where)) is is_one


def test_a_denial_that_is_local_is_none() -> None:
    assert not is_denied_without_reason(HandshakeError("/meta/handshake", cause=OSError("create_denied")))
