"""`Start`: where the backfill of an object begins when its channel was subscribed to, and the bookmarks that store it.

Pure decisions. A bookmark is a `Position` under the name of the channel and the object. Its `event_time` and
`event_uuid` are the ``SystemModstamp`` and the id of the last record that receivers have handled; its `replay_id` says
whether the backfill is under way (`UNDER_WAY`) or everything up to there is handled (`COMPLETE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pybayeux_replay import Position

from .options import SNAPSHOT

if TYPE_CHECKING:
    from pybayeux_replay import Gap

__all__ = ("COMPLETE", "UNDER_WAY", "Start", "bookmark_name", "complete", "start_of", "under_way")

COMPLETE: Final = -1
UNDER_WAY: Final = -2


@dataclass(frozen=True, slots=True)
class Start:
    """A backfill that begins.

    Attributes:
        reason: What made the gap; see `BackfillReport`.
        since: Changes up to then are handled; None: nothing is.
    """

    reason: str
    since: datetime | None


def start_of(gap: Gap | None, position: Position | None, bookmark: Position | None, *, snapshot: bool) -> Start | None:
    """Return the backfill of an object when its channel was granted, or None if there is nothing to fill.

    Args:
        gap: The gap before the place at which the stream goes on.
        position: The position of the channel, or None.
        bookmark: That of the object, or None.
        snapshot: Whether a channel without a position begins with all records.
    """
    reason = None if gap is None else gap.reason.value
    if bookmark is not None and bookmark.replay_id == UNDER_WAY:
        return Start(reason or "interrupted", bookmark.event_time)
    if gap is not None:
        return Start(gap.reason.value, _latest(gap.position, bookmark))
    if position is not None:
        return None
    if bookmark is not None:
        return Start("unstored", bookmark.event_time)
    return Start(SNAPSHOT, None) if snapshot else None


def _latest(*positions: Position | None) -> datetime | None:
    """Return the latest of their times: everything up to each of them is handled."""
    times = [each.event_time for each in positions if each is not None and each.event_time is not None]
    return max(times, default=None)


def bookmark_name(channel: str, entity: str) -> str:
    """Return the name of the bookmark of an object of a channel."""
    return f"{channel}#backfill/{entity}"


def under_way(stamp: datetime | None, record_id: str | None = None) -> Position:
    """Return the bookmark after a record that was handled."""
    return Position(UNDER_WAY, datetime.now(UTC), stamp, record_id)


def complete(stamp: datetime | None) -> Position:
    """Return the bookmark at the end of a backfill."""
    return Position(COMPLETE, datetime.now(UTC), stamp)
