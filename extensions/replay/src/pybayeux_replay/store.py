"""Where positions are kept: what a store is, and the one that forgets with the process.

A store knows consumers, subscriptions and positions; it knows nothing of clients and sessions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from .position import Position

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

__all__ = ("MemoryStore", "Store", "TransactionalStore", "as_positions")


@runtime_checkable
class Store(Protocol):
    """Keeps the position of each subscription of each consumer.

    `get` is called when a subscription begins, on the event loop, maybe while `set` is under way in a thread. `set` is
    called with what was handled since the last call; one call at a time. An exception in `set` loses nothing: the
    positions are handed over again. The other methods serve people: no client calls `delete` and `items`.
    """

    @property
    def blocking(self) -> bool:
        """Whether `set` may wait for a disk or a network: then it is called in a thread."""

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""

    def set(self, consumer: str, positions: Mapping[str, Position]) -> None:
        """Keep these positions by subscription, all of them or none. Each replaces the one before, newer or not."""

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position; forgetting one that is not kept is no error."""

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""

    def close(self) -> None:
        """Let go of files and connections. The store may be used again."""


@runtime_checkable
class TransactionalStore(Store, Protocol):
    """A store whose transactions others can use as well: what they write and the positions are kept together."""

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """A transaction at whose end these positions are kept; it gives what others write with.

        An exception in its block, or at its end, keeps nothing of either.
        """


class MemoryStore:
    """Keeps positions as long as the object lives: over lost sessions, not over restarts."""

    blocking: Final = False

    def __init__(self) -> None:
        self._positions: dict[str, dict[str, Position]] = {}

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""
        return self._positions.get(consumer, {}).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Keep these positions by subscription; a replay id by itself is a position of this moment."""
        self._positions.setdefault(consumer, {}).update(as_positions(positions))

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position."""
        self._positions.get(consumer, {}).pop(subscription, None)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""
        return dict(self._positions.get(consumer, {}))

    def close(self) -> None:
        """Nothing to let go of."""


def as_positions(given: Mapping[str, Position | int]) -> dict[str, Position]:
    """Positions, of which some may be given as a replay id alone: those are of this moment."""
    now = datetime.now(UTC)
    return {
        subscription: each if isinstance(each, Position) else Position(each, now)
        for subscription, each in given.items()
    }
