from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux._util.redact import Redactor

SECRET = "s3cr3t-v4lu3"


@pytest.mark.parametrize(
    "text",
    [
        '{"clientId":"s3cr3t-v4lu3"}',
        "{'clientId': 's3cr3t-v4lu3'}",
        '{"clientId":"s3cr3t-v4lu3',
        "client_id=s3cr3t-v4lu3&x=1",
        '"access_token": "s3cr3t-v4lu3"',
        "token=s3cr3t-v4lu3",
        "password: s3cr3t-v4lu3",
        "passwd='s3cr3t-v4lu3'",
        "secret=s3cr3t-v4lu3;",
        "Authorization: Bearer s3cr3t-v4lu3",
        "authorization: OAuth s3cr3t-v4lu3",
        "Authorization: Basic s3cr3t-v4lu3",
        "sent Bearer s3cr3t-v4lu3 to it",
        "BAYEUX_BROWSER=s3cr3t-v4lu3; Path=/",
        "sessionId=s3cr3t-v4lu3",
        "session_id=s3cr3t-v4lu3",
        "api_key=s3cr3t-v4lu3",
        "invalid_token=s3cr3t-v4lu3",
        '{"invalid_token": "s3cr3t-v4lu3"}',
        "401:s3cr3t-v4lu3:Unknown client",
        "402:s3cr3t-v4lu3:unknown client",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    shown = Redactor()(text)
    assert "s3cr3t" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        "404:/foo/bar:Unknown Channel",
        "HTTP 503 Service Unavailable",
        "the basics of tokens",
        "<html><body>",
        "HTTP 401: INVALID_SESSION_ID: Session expired or invalid",
        "invalid_token: The access token expired",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert Redactor()(text) == text


def test_what_surrounds_a_secret_stays() -> None:
    assert Redactor()('[{"id":"7","clientId":"s3cr3t","channel":"/a"}]') == '[{"id":"7","clientId":***,"channel":"/a"}]'


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_remembered_secret_shows_nowhere(before: str, after: str) -> None:
    redact = Redactor()
    redact.remember(SECRET)
    assert SECRET not in redact(before + SECRET + after, limit=1000)


def test_a_secret_cut_by_the_limit_does_not_show_either() -> None:
    redact = Redactor()
    redact.remember(SECRET)
    assert redact("x" * 195 + SECRET) == "x" * 195 + "***"


@pytest.mark.parametrize("short", [None, "", "abc", "12345"])
def test_short_secrets_would_blank_out_innocent_text(short: str | None) -> None:
    redact = Redactor()
    redact.remember(short)
    assert redact("abc 12345") == "abc 12345"


def test_the_latest_secrets_are_kept() -> None:
    redact = Redactor()
    for number in range(100):
        redact.remember("secret-0000")
        redact.remember(f"secret-{number:04}")
    shown = redact("secret-0000 secret-0010 secret-0099")
    assert shown == "*** secret-0010 ***"


def test_a_secret_that_begins_with_another_leaves_nothing() -> None:
    redact = Redactor()
    redact.remember("session-1", "session-1-of-9")
    assert redact("session-1-of-9 session-1") == "*** ***"


def test_long_texts_are_cut() -> None:
    assert Redactor()("x" * 500, limit=10) == "x" * 9 + "…"


@pytest.mark.parametrize("part", ["a", "token", "4", "session_", "Basic ", "401:", "'\"", " ", "token ", "token:'"])
def test_no_text_takes_longer_than_its_length_allows(part: str) -> None:
    # Far more time than a test has, if each place is a beginning of its own.
    assert len(Redactor()(part * 300_000, limit=2000)) <= 2000


def test_a_secret_that_is_cut_in_two_before_the_search_does_not_show() -> None:
    redact = Redactor()
    redact.remember(SECRET)
    for length in range(20_150, 20_220):
        assert SECRET[:6] not in redact(f"{SECRET * 2000}"[:length] + SECRET * 2000)
    assert redact("x" * 20_190 + SECRET, limit=200) == "x" * 199 + "…"
