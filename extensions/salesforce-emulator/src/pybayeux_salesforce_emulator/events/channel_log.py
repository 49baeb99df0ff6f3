"""The log of one channel: what is kept of it, under which ids.

Owns the ids, their growth with gaps, and what is kept. An event's offset is its number in the order of the whole org,
which stays when ids are given anew.
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
    """What a channel keeps, in order.

    Ids grow by random steps, from a random start: real ones are not contiguous, and a client that computes the next
    one has to fail in a test.

    Args:
        seed: Determines the ids.
        gap: How far an id may be from the one before.
        first: The first id, or None to make one up.
    """

    def __init__(self, seed: str, *, gap: int, first: int | None) -> None:
        self._random: Final = random.Random(seed)
        self._gap: Final = gap
        self._next = self._random.randrange(100, 1_000_000) if first is None else first
        self._newest = 0
        self._entries: list[Entry] = []

    def append(self, event: Event, offset: int) -> Entry:
        """Add an event at the end."""
        entry = Entry(self._next, offset, event)
        self._newest = self._next
        self._next += self._random.randint(1, self._gap)
        self._entries.append(entry)
        return entry

    def jump(self, distance: int) -> None:
        """Let the ids of what comes next be so much higher."""
        self._next += distance

    @property
    def entries(self) -> Sequence[Entry]:
        """What is kept."""
        return tuple(self._entries)

    @property
    def newest(self) -> int:
        """The last id that was given out."""
        return self._newest

    def since(self, offset: int, limit: int) -> Sequence[Entry]:
        """What comes after a offset, so much at most."""
        start = bisect_right(self._entries, offset, key=lambda entry: entry.offset)
        return self._entries[start : start + limit]

    def find(self, replay_id: int) -> Entry | None:
        """The event with this id, if it is kept."""
        entry = self.at_or_before(replay_id)
        return entry if entry is not None and entry.replay_id == replay_id else None

    def at_or_before(self, replay_id: int) -> Entry | None:
        """The last event up to this id."""
        index = bisect_right(self._entries, replay_id, key=lambda entry: entry.replay_id)
        return self._entries[index - 1] if index else None

    def purge_before(self, replay_id: int | None) -> int:
        """Keep nothing before this id, or nothing at all.

        Returns:
            How many events are gone.
        """
        index = (
            len(self._entries)
            if replay_id is None
            else bisect_left(self._entries, replay_id, key=lambda entry: entry.replay_id)
        )
        del self._entries[:index]
        return index

    def purge_older(self, moment: float) -> None:
        """Keep nothing that happened before a moment."""
        index = bisect_left(self._entries, moment, key=lambda entry: entry.event.created)
        del self._entries[:index]

    def forget(self, replay_id: int) -> bool:
        """Delete one event.

        Returns:
            Whether it was there.
        """
        entry = self.find(replay_id)
        if entry is None:
            return False
        self._entries.remove(entry)
        return True

    def renumber(self, *, collide: bool) -> dict[int, int]:
        """Give everything that is kept new ids.

        Args:
            collide: Take them from the same range, so that an old id is likely to be another event's.

        Returns:
            The new id for each old one.
        """
        old = self._entries
        if collide and old:
            # Every event gets the id of the one before it: the worst case, an id that is valid and skips an event.
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
