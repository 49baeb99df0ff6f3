from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux._util.dates import parse_date, parse_timestamp

MOMENT = datetime(2020, 5, 1, 6, 28, 51, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-05-01T06:28:51.00", MOMENT),
        ("2020-05-01T06:28:51", MOMENT),
        ("2020-05-01T06:28:51Z", MOMENT),
        ("2020-05-01T08:28:51+02:00", MOMENT),
        ("2020-05-01T06:28:51.123456789", MOMENT.replace(microsecond=123456)),
        ("Fri, 01 May 2020 06:28:51 GMT", MOMENT),
        ("Fri, 01 May 2020 08:28:51 +0200", MOMENT),
        ("Fri May 01 06:28:51 UTC 2020", MOMENT),
        ("Fri May  1 06:28:51 GMT 2020", MOMENT),
        (" 2020-05-01T06:28:51 ", MOMENT),
        ("", None),
        ("yesterday", None),
        ("Fri May 77 06:28:51 UTC 2020", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("9999-12-31T23:00:00-23:00", None),
    ],
)
def test_timestamps_in_every_known_form(text: str, expected: datetime | None) -> None:
    found = parse_timestamp(text)
    assert found == expected
    assert found is None or found.tzinfo is UTC


@given(st.text(max_size=30) | st.from_regex(r"[0-9:.TZ+\-]{1,30}", fullmatch=True))
def test_no_timestamp_breaks_anything(text: str) -> None:
    found = parse_timestamp(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Fri, 01 May 2020 06:28:51 GMT", MOMENT),
        ("Fri, 01 May 2020 06:28:51 -0000", MOMENT),
        ("Friday, 01-May-20 06:28:51 GMT", MOMENT),
        ("Fri, 01 May 2020 08:28:51 +0200", MOMENT),
        ("Fri, 01 May 0000 06:28:51 GMT", MOMENT.replace(year=2000)),
        ("Fri, 31 Dec 9999 23:00:00 -2300", None),
        ("tomorrow", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_in_headers(header: str | None, expected: datetime | None) -> None:
    found = parse_date(header)
    assert found == expected
    assert found is None or found.tzinfo is UTC
