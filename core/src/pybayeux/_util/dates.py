"""Dates as servers write them: in HTTP headers, and in the timestamps of messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ("parse_date", "parse_timestamp")

_FRACTION: Final = re.compile(r"\.(\d+)")
_SERVER_FORM: Final = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) ([\d:]{8}) (?:UTC|GMT) (\d{4})")


def parse_date(header: str | None) -> datetime | None:
    """The moment in an HTTP header (RFC 9110, section 5.6.7), in UTC; None where it holds none."""
    try:
        return _in_utc(parsedate_to_datetime(header or ""))
    except (ValueError, OverflowError):
        return None


def parse_timestamp(text: str) -> datetime | None:
    """The moment in the `timestamp` of a message, in UTC; None if it is in an unknown format.

    Known are the specification's ISO 8601 profile, RFC 1123 (CometD's clients) and the format of CometD's servers
    (``Mon Nov 23 20:56:10 UTC 2026``).
    """
    text = text.strip()
    try:
        if text[:4].isdecimal():
            iso = _FRACTION.sub(lambda m: f".{m[1]:0<6.6}", text)
            return _in_utc(datetime.fromisoformat(iso))
        if (parts := _SERVER_FORM.fullmatch(text)) is not None:
            return _in_utc(datetime.strptime(" ".join(parts.groups()), "%b %d %H:%M:%S %Y"))
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    # Dates are in GMT, also in the forms that do not say so.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
