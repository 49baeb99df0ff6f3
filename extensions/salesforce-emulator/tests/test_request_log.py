from __future__ import annotations

from typing import Any

import pytest

from pybayeux_devserver.toolkit import RecordedRequest
from pybayeux_salesforce_emulator import request_log


def _request(time: float, answered: float | None, path: str = "/cometd/67.0", **members: Any) -> RecordedRequest:
    return RecordedRequest(
        path, members.pop("headers", {}), members.pop("messages", []), time=time, answered=answered, **members
    )


def test_timeline_has_requests_and_replies_in_order() -> None:
    held, quick, open_ended = _request(1, 5), _request(2, 2), _request(3, None)
    timeline = request_log.timeline([held, quick, open_ended])
    assert [(moment.time, moment.answered) for moment in timeline] == [
        (1, False),
        (2, False),
        (2, True),
        (3, False),
        (5, True),
    ]


def test_clients_of_a_request() -> None:
    messages = [{"channel": "/meta/connect", "clientId": "a"}, {"channel": "/meta/subscribe", "clientId": "a"}, {}]
    request = _request(0, 0, messages=messages)
    assert request_log.clients(request) == ["a"]
    assert request_log.clients(request, "/meta/disconnect") == []


@pytest.mark.parametrize(
    ("reply", "failure_reason"),
    [
        ({"error": "401::x"}, "401::x"),
        ({"error": "401::x", "ext": {"sfdc": {"failureReason": "503::y"}}}, "503::y"),
        ({"error": "401::x", "ext": {}}, "401::x"),
        ({}, ""),
    ],
)
def test_failure_reason_of_a_reply(reply: Any, failure_reason: str) -> None:
    assert request_log.failure_reason(reply) == failure_reason


def test_kinds_of_replies() -> None:
    assert request_log.is_unknown({"error": "402::Unknown client"})
    assert not request_log.is_unknown({"error": "403::Restricted channel"})
    assert request_log.starts_session({"channel": "/meta/handshake", "clientId": "a"})
    assert not request_log.starts_session({"channel": "/meta/handshake"})


def test_streaming_and_cookies() -> None:
    request = _request(0, 0, headers={"cookie": "a=1; sfdc-stream=!x="})
    assert list(request_log.streaming([request, _request(0, 0, "/services/oauth2/token")])) == [request]
    assert request_log.cookie(request, "sfdc-stream") == "!x="
    assert request_log.cookie(request, "b") is None
