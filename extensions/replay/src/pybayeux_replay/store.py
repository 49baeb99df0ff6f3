"""Where positions are kept: what a store is, and the one that forgets with the process.

A store knows consumers, subscriptions and replay ids; it knows nothing of clients and sessions.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from .position import Position

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("MemoryStore", "Store", "open_store")

_DATABASES: Final = frozenset({".db", ".sqlite", ".sqlite3"})


@runtime_checkable
class Store(Protocol):
    """Keeps the position of each subscription of each consumer.

    `get` is called when a subscription begins, on the event loop. `set` is called with what was handled since the last
    call; one call at a time. An exception in `set` loses nothing: the positions are handed over again.
    """

    @property
    def blocking(self) -> bool:
        """Whether `set` may wait for a disk or a network: then it is called in a thread."""

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""

    def set(self, consumer: str, replay_ids: Mapping[str, int]) -> None:
        """Keep these replay ids by subscription, all of them or none."""

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position; forgetting one that is not kept is no error."""

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""

    def close(self) -> None:
        """Let go of files and connections. The store may be used again."""


class MemoryStore:
    """Keeps positions as long as the object lives: over lost sessions, not over restarts."""

    blocking: Final = False

    def __init__(self) -> None:
        self._positions: dict[str, dict[str, Position]] = {}

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""
        return self._positions.get(consumer, {}).get(subscription)

    def set(self, consumer: str, replay_ids: Mapping[str, int]) -> None:
        """Keep these replay ids by subscription."""
        now = datetime.now(UTC)
        kept = self._positions.setdefault(consumer, {})
        kept.update({subscription: Position(number, now) for subscription, number in replay_ids.items()})

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position."""
        self._positions.get(consumer, {}).pop(subscription, None)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""
        return dict(self._positions.get(consumer, {}))

    def close(self) -> None:
        """Nothing to let go of."""


def open_store(name: str) -> Store:
    """The store of this name: ``memory``, ``sqlite:///positions.db``, or the path of a SQLite file.

    Touches no file yet.

    Raises:
        ValueError: The name is none of these.
    """
    if name == "memory":
        return MemoryStore()
    path = name.removeprefix("sqlite:///")
    is_path = path != name or Path(name).suffix in _DATABASES or os.sep in name
    if not path or not is_path or "://" in path:
        raise ValueError(
            f"store {name!r} is neither 'memory' nor 'sqlite:///positions.db' nor the path of a .db file; "
            "pass an object with the methods of pybayeux_replay.Store for any other"
        )
    # SQLAlchemy takes a third of a second to import: only those who use it wait for it.
    from .sqlite import SqliteStore

    return SqliteStore(path)
