from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Message
from pybayeux_timestamp.formats import iso, rfc1123

_moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("moment", "as_rfc1123", "as_iso"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.00"),
        (datetime(2026, 11, 23, 20, 56, 10, 420_000, UTC), "Mon, 23 Nov 2026 20:56:10 GMT", "2026-11-23T20:56:10.42"),
        (datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC), "Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.99"),
        (datetime(2025, 7, 4, 1, 2, 3, 9_999, UTC), "Fri, 04 Jul 2025 01:02:03 GMT", "2025-07-04T01:02:03.00"),
    ],
)
def test_formats(moment: datetime, as_rfc1123: str, as_iso: str) -> None:
    assert (rfc1123(moment), iso(moment)) == (as_rfc1123, as_iso)


@given(_moments)
def test_a_message_reads_both_formats_and_the_time_is_never_in_the_future(moment: datetime) -> None:
    for write, unit in ((rfc1123, timedelta(seconds=1)), (iso, timedelta(milliseconds=10))):
        read = Message(channel="/orders", timestamp=write(moment)).timestamp_as_time()
        assert read is not None
        assert timedelta() <= moment - read < unit
