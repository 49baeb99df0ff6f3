"""Bookmarks: what an extension that reads missing events elsewhere needs of replay's positions.

Owns nothing: bookmarks are positions in replay's store, under names of the extension's own, and are written as all
positions are: soon, in order, under the lease where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .position_lookup import position_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from pybayeux import Message

    from .position import Position
    from .position_writer import PositionWriter
    from .subscriptions import Subscriptions

__all__ = ("Bookmarks",)


class Bookmarks:
    """Positions of an extension's own, for the present org: what the hook `bookmarks` returns.

    Args:
        writer: Stores positions.
        subscriptions: The subscriptions of the client.
        origin: Returns the org and instance that numbers the events, if known.
    """

    def __init__(self, writer: PositionWriter, subscriptions: Subscriptions, origin: Callable[[], str | None]) -> None:
        self._writer: Final = writer
        self._subscriptions: Final = subscriptions
        self._origin: Final = origin

    def get(self, name: str) -> Position | None:
        """Return the newest position under a name, stored or not yet.

        Args:
            name: A subscription with a suffix, such as ``/data/AccountChangeEvent#backfill``.
        """
        return self._writer.get(self._key(name))

    def put(self, name: str, position: Position) -> None:
        """Note a position under a name. It is stored soon, at the latest when the client has closed."""
        self._writer.put_position(self._key(name), position)

    def transaction(self, name: str, position: Position) -> AbstractAsyncContextManager[Any]:
        """Return a transaction of the store, at whose end a position is stored under a name.

        Raises:
            UsageError: The store has no transactions.
        """
        return self._writer.transaction(self._writer.access.transactional(), self._key(name), position)

    def position(self, subscription: str) -> Position | None:
        """Return the newest position of a subscription of the client, or None."""
        found = self._subscriptions.get(subscription)
        return None if found is None else self._subscriptions.newest_position(found)

    def pass_over(self, event: Message) -> None:
        """An event counts as handled once all before it are, though no receiver gets it: it was handled otherwise."""
        self._subscriptions.pass_over(event)

    def _key(self, name: str) -> str:
        return position_key(name, self._origin())
