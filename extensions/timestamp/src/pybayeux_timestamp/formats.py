"""The two formats of a timestamp that servers read. Pure text: no clock, no locale."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("iso", "rfc1123")


def rfc1123(moment: datetime) -> str:
    """Return ``Mon, 23 Nov 2026 20:56:10 GMT``, the format that CometD's clients send.

    Args:
        moment: A time in UTC. Fractions of a second are left out.
    """
    return format_datetime(moment, usegmt=True)


def iso(moment: datetime) -> str:
    """Return ``2026-11-23T20:56:10.42``, the profile of ISO 8601 in the protocol (Bayeux 1.0, section 3.9).

    Args:
        moment: A time in UTC. It is cut to hundredths of a second.
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 10_000:02}"
