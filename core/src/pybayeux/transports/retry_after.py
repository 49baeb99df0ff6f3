"""The `Retry-After` header (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ("seconds_to_wait",)


def seconds_to_wait(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a server asks to wait: the header holds them, or a date; None where it holds neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)  # the header's dates are in GMT, also in the form that does not say so
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, OverflowError):
        return None
