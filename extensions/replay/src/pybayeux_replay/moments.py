"""Times as the command line takes and shows them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ("parse_moment", "show_moment")


def parse_moment(text: str) -> datetime | None:
    """Return a time in UTC, None for anything else, such as a replay id. A time without an offset is in UTC."""
    try:
        moment = None if text.lstrip("-").isdecimal() else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def show_moment(moment: datetime) -> str:
    """Return a time as text, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
