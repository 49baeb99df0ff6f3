"""The positions that are noted and not stored yet, and the newest one under each key.

Pure bookkeeping: no store, no task. When they are written is decided in `position_writer.py`. Another replica may go on
from what is stored, also while positions are being written: what was noted before is forgotten then, and is not to be
written any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .position import PendingPosition, Position
from .position_lookup import shard_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ("AnyPosition", "NotedPositions")

AnyPosition: TypeAlias = PendingPosition | Position


class NotedPositions:
    """The positions of one consumer that were noted here.

    Attributes:
        outdated: By key, the key of an earlier version under which the position is stored too. That one is deleted when
            the position is stored under its own, and no sooner: a process that is killed in between would lose it.
    """

    def __init__(self) -> None:
        self.outdated: Final[dict[str, str]] = {}
        self._newest: Final[dict[str, AnyPosition]] = {}
        self._unsaved: dict[str, AnyPosition] = {}
        self._forgotten: Final[set[str | None]] = set()

    @property
    def has_unsaved(self) -> bool:
        """Whether a position is to be written."""
        return bool(self._unsaved)

    @property
    def unsaved(self) -> Collection[str]:
        """The keys of the positions that are to be written."""
        return self._unsaved.keys()

    def newest(self, key: str) -> AnyPosition | None:
        """Return the newest position under a key, stored or not yet; None if none was noted."""
        return self._newest.get(key)

    def note(self, key: str, position: AnyPosition) -> None:
        """Note a position, which is to be written."""
        self._newest[key] = self._unsaved[key] = position

    def note_stored(self, key: str, position: Position) -> bool:
        """Note a position that a transaction has stored.

        Returns:
            Whether it is to be written once more, because only with that its outdated key is deleted.
        """
        self._newest[key] = position
        if key in self.outdated:
            self._unsaved.setdefault(key, position)
        return key in self._unsaved

    def discard_newest(self, key: str) -> None:
        """Another consumer went on from there: the store has to be read."""
        self._newest.pop(key, None)

    # -- writing

    def begin(self) -> None:
        """Positions are going to be written: from now on `remembered` knows what is forgotten."""
        self._forgotten.clear()

    def take(self) -> dict[str, AnyPosition]:
        """Return all positions that are to be written. Who cannot write them calls `put_back`."""
        taken, self._unsaved = self._unsaved, {}
        return taken

    def take_one(self, key: str) -> dict[str, AnyPosition]:
        """Return the position under a key that is to be written, or none."""
        return {key: self._unsaved.pop(key)} if key in self._unsaved else {}

    def put_back(self, positions: Mapping[str, AnyPosition]) -> bool:
        """Positions could not be written: they are to be, but for newer and forgotten ones.

        Returns:
            Whether there are any.
        """
        remembered = self.remembered(positions)
        self._unsaved = remembered | self._unsaved
        return bool(remembered)

    def remembered(self, positions: Mapping[str, AnyPosition]) -> dict[str, AnyPosition]:
        """Return positions without those that were forgotten since `begin`."""
        if None in self._forgotten:
            return {}
        return {key: each for key, each in positions.items() if shard_name(key) not in self._forgotten}

    # -- forgetting

    def refuse(self, subscription: str | None) -> None:
        """The store has refused what is being written of a subscription, or all of it."""
        self._forgotten.add(subscription)

    def forget(self, subscriptions: Collection[str] | None) -> None:
        """Forget what was noted of these subscriptions, or all of it."""
        self._forgotten.update([None] if subscriptions is None else subscriptions)

        def is_forgotten(key: str) -> bool:
            return subscriptions is None or shard_name(key) in subscriptions

        noted: dict[str, Any]
        for noted in (self._newest, self._unsaved, self.outdated):
            for key in [key for key in noted if is_forgotten(key)]:
                del noted[key]

    def clear(self) -> None:
        """The client has ended: what is stored may change before it starts again."""
        for noted in (self._newest, self._unsaved, self.outdated):
            noted.clear()
