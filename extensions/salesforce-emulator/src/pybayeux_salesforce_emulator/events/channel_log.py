"""The log of one channel: its events and their replay ids.

Owns the ids, which rise with gaps. An event's offset is its number in the order of the whole org. It stays the same
when replay ids are renumbered.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .event import Event

__all__ = ("ChannelLog", "Entry")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event on a channel."""

    replay_id: int
    offset: int
    event: Event


class ChannelLog:
    """The events of a channel, in order.

    Ids rise by random steps from a random start. Real ids are not contiguous: a client that computes the next one has
    to fail in a test.

    Args:
        seed: Determines the ids.
        gap: The largest distance between two ids.
        first: The first id. None chooses one.
    """

    def __init__(self, seed: str, *, gap: int, first: int | None) -> None:
        self._random: Final = random.Random(seed)
        self._gap: Final = gap
        self._next = self._random.randrange(100, 1_000_000) if first is None else first
        self._newest = 0
        self._purged = -1
        self._entries: list[Entry] = []

    def append(self, event: Event, offset: int) -> Entry:
        """Add an event at the end."""
        entry = Entry(self._next, offset, event)
        self._newest = self._next
        self._next += self._random.randint(1, self._gap)
        self._entries.append(entry)
        return entry

    def jump(self, distance: int) -> None:
        """Raise the ids of the next events."""
        self._next += distance

    @property
    def entries(self) -> Sequence[Entry]:
        """The events."""
        return tuple(self._entries)

    @property
    def newest(self) -> int:
        """The id of the last event that was ever added."""
        return self._newest

    @property
    def purged(self) -> int:
        """The offset of the last event that was deleted because of its age; -1 if there is none."""
        return self._purged

    def since(self, offset: int, limit: int) -> Sequence[Entry]:
        """The events after an offset, at most `limit`."""
        start = bisect_right(self._entries, offset, key=lambda entry: entry.offset)
        return self._entries[start : start + limit]

    def find(self, replay_id: int) -> Entry | None:
        """The event with this id, if it is in the log."""
        entry = self.at_or_before(replay_id)
        return entry if entry is not None and entry.replay_id == replay_id else None

    def at_or_before(self, replay_id: int) -> Entry | None:
        """The last event whose id is not greater."""
        index = bisect_right(self._entries, replay_id, key=lambda entry: entry.replay_id)
        return self._entries[index - 1] if index else None

    def purge_before(self, replay_id: int | None) -> int:
        """Delete the events before this id, or all of them.

        Returns:
            How many events were deleted.
        """
        index = (
            len(self._entries)
            if replay_id is None
            else bisect_left(self._entries, replay_id, key=lambda entry: entry.replay_id)
        )
        self._delete(index)
        return index

    def purge_older(self, moment: float) -> None:
        """Delete the events that are older than `moment`."""
        index = bisect_left(self._entries, moment, key=lambda entry: entry.event.created)
        self._delete(index)

    def _delete(self, count: int) -> None:
        if count:
            self._purged = self._entries[count - 1].offset
            del self._entries[:count]

    def forget(self, replay_id: int) -> bool:
        """Delete one event.

        Returns:
            Whether the event existed.
        """
        entry = self.find(replay_id)
        if entry is None:
            return False
        self._entries.remove(entry)
        return True

    def renumber(self, *, collide: bool) -> dict[int, int]:
        """Give every event a new id.

        Args:
            collide: Take the ids from the same range, so that an old id is likely to be another event's new one.

        Returns:
            The new id for each old one.
        """
        old = self._entries
        if collide and old:
            # Every event gets the id of the one before it: the worst case, as an old id is valid and skips an event.
            ids = [entry.replay_id for entry in old]
            shifted, self._next = [ids[0] - 1, *ids[:-1]], ids[-1]
        else:
            shifted = []
            self._next += self._random.randrange(1_000, 1_000_000)
            for _ in old:
                shifted.append(self._next)
                self._next += self._random.randint(1, self._gap)
        self._entries = [replace(entry, replay_id=new) for entry, new in zip(old, shifted, strict=True)]
        return {entry.replay_id: new for entry, new in zip(old, shifted, strict=True)}
