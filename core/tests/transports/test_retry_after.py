from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pybayeux._util.redact import Redactor
from pybayeux.transports.http_failures import seconds_to_wait, status_failure
from pybayeux.transports.upgrade import refused_upgrade

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("\x1e5", 5.0),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:30 +0100", 30.0),
        ("Monday, 23-Nov-26 10:00:30 GMT", 30.0),
        ("Mon Nov 23 10:00:30 2026", 30.0),
        ("Mon, 23 Nov 2026 10:00:30 -0000", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Mon, 23 Nov 9998 10:00:30 GMT", 86_400.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 99 Nov 2026 10:00:30 GMT", None),
    ],
)
def test_seconds_and_dates_are_read(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NOW) == seconds


def test_dates_are_measured_against_the_clock() -> None:
    assert seconds_to_wait("Mon, 23 Nov 1998 10:00:30 GMT") == 0.0


@example("Aaa, 0 Nov 0 00:00:00 -02400000000000")
@given(st.text(max_size=30) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} Nov \d{1,6} \d\d:\d\d:\d\d [+\-]\d{1,6}"))
def test_no_header_breaks_anything(header: str) -> None:
    seconds = seconds_to_wait(header, NOW)
    assert seconds is None or seconds >= 0


def test_a_failure_measures_dates_against_the_servers_clock() -> None:
    headers = {"Date": "Mon, 23 Nov 1998 10:00:00 GMT", "Retry-After": "Mon, 23 Nov 1998 10:00:30 GMT"}
    answer = httpx.Response(503, headers=headers)
    assert status_failure(answer, "", None, Redactor()).retry_after == 30
    assert refused_upgrade(answer, Redactor()).retry_after == 30
