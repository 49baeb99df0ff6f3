from __future__ import annotations

from typing import Any

import pytest

from pybayeux_devserver.recorder import RecordedRequest
from pybayeux_salesforce_emulator import request_log as transcript


def _request(time: float, answered: float | None, path: str = "/cometd/67.0", **members: Any) -> RecordedRequest:
    return RecordedRequest(
        path, members.pop("headers", {}), members.pop("messages", []), time=time, answered=answered, **members
    )


def test_timeline_has_requests_and_replies_in_order() -> None:
    held, quick, open_ended = _request(1, 5), _request(2, 2), _request(3, None)
    timeline = transcript.timeline([held, quick, open_ended])
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
    assert transcript.clients(request) == ["a"]
    assert transcript.clients(request, "/meta/disconnect") == []


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
    assert transcript.failure_reason(reply) == failure_reason


def test_kinds_of_replies() -> None:
    assert transcript.is_unknown({"error": "402::Unknown client"})
    assert not transcript.is_unknown({"error": "403::Restricted channel"})
    assert transcript.starts_session({"channel": "/meta/handshake", "clientId": "a"})
    assert not transcript.starts_session({"channel": "/meta/handshake"})


def test_streaming_and_cookies() -> None:
    request = _request(0, 0, headers={"cookie": "a=1; sfdc-stream=!x="})
    assert list(transcript.streaming([request, _request(0, 0, "/services/oauth2/token")])) == [request]
    assert transcript.cookie(request, "sfdc-stream") == "!x="
    assert transcript.cookie(request, "b") is None
