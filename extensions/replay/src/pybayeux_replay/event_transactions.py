"""Exactly once: the transactions of the store in which events are handled, and which events may be handled so.

A transaction stores one position of one subscription. So its events have to be the next ones of one subscription, and
no other one may have them too. How a transaction runs is decided in `position_writer.py`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from pybayeux.errors import UsageError

from .event_fields import read_key
from .position import PendingPosition
from .window import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pybayeux import Message

    from .position_writer import PositionWriter
    from .subscriptions import Subscriptions
    from .window import Window

__all__ = ("EventTransactions",)


class EventTransactions:
    """The transactions of one client.

    Args:
        subscriptions: The subscriptions of the client.
        writer: Stores the positions.
    """

    def __init__(self, subscriptions: Subscriptions, writer: PositionWriter) -> None:
        self._subscriptions: Final = subscriptions
        self._writer: Final = writer

    @asynccontextmanager
    async def begin(self, events: Sequence[Message]) -> AsyncIterator[Any]:
        """Run a transaction of the store in which events are handled, and the position of the last stored at the end.

        Raises:
            UsageError: The position cannot be stored together with what the transaction writes.
            PositionConflictError: Another consumer of this name is at work.
        """
        store = self._writer.access.transactional()
        window, replay_id = self._next(events)
        pending = PendingPosition(replay_id, events[-1], window.origin)
        async with self._writer.transaction(store, window.key, pending) as transaction:
            yield transaction

    def _next(self, events: Sequence[Message]) -> tuple[Window, int]:
        """Return the one subscription of events, and the last one's replay id, if they are the next ones there."""
        windows = [self._only_window(event) for event in events]
        window, key = windows[-1], read_key(events[-1])
        assert key is not None
        if any(each is not window for each in windows) or not window.are_next(events):
            raise UsageError(
                f"exactly once is not possible: events of {window.subscription} before this one are not handled yet; "
                "handle them in order"
            )
        if not window.may_end_at(events[-1]):
            raise UsageError(
                "exactly once is not possible: with commit='transaction' no position is stored within a transaction "
                "of the server; handle its events in one transaction, or choose commit='event'"
            )
        return window, key[0]

    def _only_window(self, event: Message) -> Window:
        found = self._subscriptions.covering(event)
        if not found or read_key(event) is None:
            raise UsageError(f"exactly once is not possible: this event of {event.channel} has no replay id")
        if len(found) > 1:
            names = " and ".join(each.subscription for each in found)
            raise UsageError(
                f"exactly once is not possible: the events of {event.channel} belong to {names}; "
                "subscribe to one of them"
            )
        return found[0].window

    def committed(self, events: Sequence[Message]) -> str | None:
        """Note that events are handled whose position a transaction has stored.

        Returns:
            A subscription of which events have to come again, or None.
        """
        needs_replay = None
        for event in events:
            for each in self._subscriptions.covering(event):
                if each.window.handle(event) is Progress.NEEDS_REPLAY:
                    needs_replay = each.subscription
        for each in self._subscriptions.covering(events[-1]):
            each.window.commits.take()
        return needs_replay
