"""Dates in HTTP headers (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ("parse_date",)


def parse_date(header: str | None) -> datetime | None:
    """The moment in a header, None where it holds none."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    # The header's dates are in GMT, also in the form that does not say so.
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
