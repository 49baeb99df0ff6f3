"""The two ways to write a moment that servers read. Pure text, no clock, and no locale."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("iso", "rfc1123")


def rfc1123(moment: datetime) -> str:
    """``Mon, 23 Nov 2026 20:56:10 GMT``: what CometD's clients send.

    Args:
        moment: A time in UTC. What it has beyond whole seconds is left out.
    """
    return format_datetime(moment, usegmt=True)


def iso(moment: datetime) -> str:
    """``2026-11-23T20:56:10.42``: the profile of ISO 8601 that the protocol names (Bayeux 1.0, section 3.9).

    Args:
        moment: A time in UTC. What it has beyond hundredths of a second is left out.
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 10_000:02}"
