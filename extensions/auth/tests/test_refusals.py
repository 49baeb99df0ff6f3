from __future__ import annotations

from typing import Any

import pytest

from pybayeux import Message
from pybayeux_auth.refusals import is_token_refused


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
