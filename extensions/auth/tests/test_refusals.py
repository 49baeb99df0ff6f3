from __future__ import annotations

from typing import Any

import pytest

from pybayeux import Message
from pybayeux_auth.refusals import RefreshLimit, is_token_refused


@pytest.mark.parametrize(
    ("error", "reason", "expected"),
    [
        ("401::Authentication invalid", None, True),
        ("401::Request requires authentication", None, True),
        ("401:/private:not allowed", None, True),
        ("401:4k2ew8pbnfxm:Unknown client", None, False),
        ("402::session_unknown", None, False),
        ("402::Unknown client", None, False),
        ("403::Unknown client", None, False),
        ("403:denied_by_security_policy:create_denied", None, False),
        ("400::The replayId {401} you provided was invalid", None, False),
        ("not allowed", None, False),
        (None, None, False),
        ("401::Authentication invalid", "503::Server is too busy. Please try your request again later.", False),
        ("403::Handshake denied", "401::Authentication invalid", True),
        ("403::Handshake denied", "403::Organization concurrent user limit exceeded", False),
    ],
)
def test_is_token_refused(error: str | None, reason: str | None, expected: bool) -> None:
    ext = None if reason is None else {"sfdc": {"failureReason": reason}}
    assert is_token_refused(Message(channel="/meta/connect", successful=False, error=error, ext=ext)) is expected


@pytest.mark.parametrize("ext", [{"sfdc": None}, {"sfdc": {"failureReason": 7}}, {"sfdc": {}}, {"other": 1}])
def test_a_malformed_reason_is_ignored(ext: dict[str, Any]) -> None:
    assert is_token_refused(Message(channel="/meta/connect", successful=False, error="401::no", ext=ext))


@pytest.mark.parametrize(("status", "expected"), [(401, True), (403, False), (503, False), (None, False)])
def test_a_local_failure_is_judged_by_its_http_status(status: int | None, expected: bool) -> None:
    reply = Message(channel="/meta/connect", successful=False, error="401::whatever the text says")
    reply.extra["failure"] = {"status": status, "reason": "HTTP"}
    assert is_token_refused(reply) is expected


def _reply(channel: str, subscription: str | None = None) -> Message:
    return Message(channel=channel, subscription=subscription, id="1")


def test_the_limit_of_fresh_tokens_counts_from_the_last_connect() -> None:
    limit = RefreshLimit(2)
    assert [limit.acquire(), limit.acquire(), limit.acquire()] == [True, True, False]
    assert (limit.count, limit.is_reached) == (2, True)
    limit.accept(_reply("/orders"))
    assert not limit.acquire()
    limit.accept(_reply("/meta/connect"))
    assert limit.acquire()
    limit.reset()
    assert (limit.count, limit.is_reached) == (0, False)


@pytest.mark.parametrize(("channel", "subscription"), [("/meta/subscribe", "/orders"), ("/orders", None)])
def test_a_fresh_token_may_help_a_refused_request_once_until_it_succeeds(
    channel: str, subscription: str | None
) -> None:
    limit, reply = RefreshLimit(2), _reply(channel, subscription)
    assert [limit.refuse(reply), limit.refuse(reply)] == [True, False]
    assert limit.refuse(_reply("/meta/subscribe", "/others"))
    limit.accept(reply)
    assert limit.refuse(reply)


@pytest.mark.parametrize("channel", ["/meta/handshake", "/meta/connect"])
def test_a_fresh_token_always_may_help_the_session(channel: str) -> None:
    limit = RefreshLimit(2)
    assert [limit.refuse(_reply(channel)), limit.refuse(_reply(channel))] == [True, True]
