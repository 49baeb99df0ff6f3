"""A gap: a stretch of the stream from which events may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .position import Place, Position

__all__ = ("Gap", "GapReason")


class GapReason(StrEnum):
    """Why a subscription does not go on after the last handled event."""

    EXPIRED = "expired"
    """The server no longer keeps it, or it is older than `retention`."""
    FOREIGN = "foreign"
    """Another org or instance numbers the events now: the replay id means nothing there, or something else."""
    SKIPPED = "skipped"
    """A session or an answer was lost, and the stream goes on with what is new: so it was wanted
    (``on_recovery="latest"``), or nothing was received yet to go on after."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may be missing between `position` and `resumes_at`: whoever needs them has to get them elsewhere.

    Attributes:
        subscription: The channel or pattern subscribed to.
        reason: Why.
        position: The last handled event, or None where none is known.
        age: How long ago everything was there, as far as that is known: the age of the last handled event, or of the
            moment when the server had nothing more; else the time since the position was stored. None without any.
        resumes_at: Where the subscription goes on: ``earliest`` (with the oldest event that the server still keeps),
            ``latest``, or after a replay id. None as long as that is not decided.
    """

    subscription: str
    reason: GapReason
    position: Position | None
    age: timedelta | None
    resumes_at: Place | None = None

    def __str__(self) -> str:
        after = "the beginning" if self.position is None else f"replay id {self.position.replay_id}"
        since = "" if self.age is None else f" ({timedelta(seconds=round(self.age.total_seconds()))} ago)"
        onwards = "" if self.resumes_at is None else f"; going on at {self.resumes_at}"
        return f"{self.subscription}: events after {after}{since} may be missing ({self.reason}){onwards}"
