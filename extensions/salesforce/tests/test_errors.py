from __future__ import annotations

import pytest

from pybayeux import Message
from pybayeux.errors import (
    ConnectError,
    ExchangeTimeoutError,
    HandshakeError,
    Remedy,
    ReplyError,
    SubscribeError,
    TransportError,
)
from pybayeux_salesforce import (
    AccessError,
    ChannelError,
    QuotaError,
    RestError,
    SalesforceError,
    SetupError,
    UnknownSessionError,
    errors,
)
from pybayeux_salesforce.errors import as_refusal, as_transport_error


def _subscribe(error: str) -> SubscribeError:
    reply = Message(channel="/meta/subscribe", subscription="/event/A__e", successful=False, error=error)
    return SubscribeError("/event/A__e", reply=reply)


def test_a_refusal_has_the_class_of_its_meaning_and_of_its_request() -> None:
    made = as_refusal(QuotaError, _subscribe("403::Organization total events daily limit exceeded"))
    assert isinstance(made, QuotaError)
    assert isinstance(made, SalesforceError)
    assert isinstance(made, SubscribeError)
    assert not isinstance(made, ConnectError | AccessError)
    assert (made.channel, made.code, made.action) == ("/event/A__e", 403, "subscribe")
    assert made.reply is not None
    assert type(made).__name__ == "QuotaError"


def test_combined_classes_are_created_once() -> None:
    one, other = (as_refusal(QuotaError, _subscribe(f"403::{number}")) for number in range(2))
    assert type(one) is type(other)
    assert type(one) is not type(as_refusal(QuotaError, ConnectError("/meta/connect")))


def test_the_text_has_cause_and_advice() -> None:
    reply = Message(channel="/meta/handshake", successful=False, error="403::Handshake denied")
    reason = Message(channel="/", error="403::Organization concurrent user limit exceeded").parse_error()
    made = as_refusal(QuotaError, HandshakeError("/meta/handshake", reply=reply), reason=reason)
    assert str(made) == (
        "handshake /meta/handshake failed: 403::Handshake denied "
        "(the cause: 403::Organization concurrent user limit exceeded); "
        "show the org's limits with: pybayeux salesforce limits"
    )


def test_a_cause_equal_to_the_error_is_not_repeated() -> None:
    reason = Message(channel="/", error="403::Unknown client").parse_error()
    made = as_refusal(UnknownSessionError, _subscribe("403::Unknown client"), reason=reason)
    assert str(made) == "subscribe /event/A__e failed: 403::Unknown client"


def test_a_refusal_has_remedy_and_wait() -> None:
    made = as_refusal(QuotaError, _subscribe("403::x"), remedy=Remedy.RETRY, wait=300.0)
    assert isinstance(made, SubscribeError)
    assert (made.remedy, made.retry_after, made.wait) == (Remedy.RETRY, 300.0, 300.0)


def test_the_cause_of_a_refusal_is_kept() -> None:
    cause = OSError("gone")
    made = as_refusal(ChannelError, SubscribeError("/event/A__e", cause=cause))
    assert isinstance(made, ReplyError)
    assert made.__cause__ is cause
    assert "gone" in str(made)


@pytest.mark.parametrize(("given", "asked", "fatal"), [(True, False, True), (False, True, True), (False, False, False)])
def test_a_transport_error_keeps_its_attributes(given: bool, asked: bool, fatal: bool) -> None:
    error = ExchangeTimeoutError("HTTP 404", status=404, body="<html>", retry_after=3.0, fatal=given, unsent=True)
    made = as_transport_error(SetupError, error, fatal=asked)
    assert isinstance(made, SetupError)
    assert isinstance(made, ExchangeTimeoutError)
    assert isinstance(made, TransportError)
    assert (made.status, made.body, made.retry_after, made.fatal) == (404, "<html>", 3.0, fatal)
    assert (made.unsent, made.unavailable) == (True, False)
    assert str(made) == str(error)


def test_a_rest_error_has_status_and_code() -> None:
    error = RestError("refused", status=403, code="REQUEST_LIMIT_EXCEEDED")
    assert (error.status, error.code, str(error)) == (403, "REQUEST_LIMIT_EXCEEDED", "refused")


def test_every_error_is_in_the_docstring() -> None:
    own = {name for name in errors.__all__ if name[0].isupper()}
    assert errors.__doc__ is not None
    assert {name for name in own if name in errors.__doc__} == own
