from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from extensions.salesforce.tests.refusal_cases import CASES, Case
from pybayeux import Advice, Message
from pybayeux.errors import ConnectError, HandshakeError, ReplyError, SubscribeError, TransportError
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

_ORDERS: Final = "/event/Order__e"


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


@pytest.mark.parametrize(("case", "refused"), list(_cases()))
def test_error_class_and_remedy_of_every_refusal(case: Case, refused: str) -> None:
    refusal = _refusal(case.text, refused)
    classification = classify_refusal(refusal)
    assert classification.kind is case.kind
    remedies = RemedyPolicy(Backoff(120, 900, _NoJitter()), Backoff(300, 3600, _NoJitter()))
    decision = remedies.choose(classification.kind, refused_request(refusal), refusal.channel, now=0.0)
    assert decision.remedy is (case.channel if refused == "subscribe" else case.session)
    assert decision.wait == _WAITS[case.waits]


def test_every_rule_decides_a_case() -> None:
    deciding = set()
    for case in CASES:
        error, _, reason = case.text.partition(" <- ")
        cause = Message(channel="/meta/connect", error=reason or error).parse_error()
        assert cause is not None
        deciding |= {find_rule(cause, RefusedRequest[where.upper()]) for where in case.requests.split()}
    assert [row for row in RULES if row not in deciding] == []


def test_the_reason_contains_no_client_ids() -> None:
    text = "400::x <- 400::Client 1q1ib66fvm7kli1gfoauu95i78g has established a session, but no cookie is present"
    reason = classify_refusal(_refusal(text, "connect")).reason
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
    ("refused", "text", "expected"),
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
def test_is_denied_without_reason(refused: str, text: str, expected: bool) -> None:
    assert is_denied_without_reason(_refusal(text, refused)) is expected


def test_a_local_failure_is_not_denied() -> None:
    assert not is_denied_without_reason(HandshakeError("/meta/handshake", cause=OSError("create_denied")))
