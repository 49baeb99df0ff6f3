"""Batches: successive events of one subscription, handled together.

Owns which events belong to a batch, and how they are handled as one. What is written in a transaction is up to the
caller; which transaction it is, an extension says (hook `transaction`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, overload

from ._util.typevars import DataT
from .message import Message

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

__all__ = ("EventBatch",)


class EventBatch(Sequence[Message[DataT]], Generic[DataT]):
    """Successive events of one subscription. A slice of a batch is a batch.

    Args:
        events: The events, in order.
    """

    def __init__(self, events: Sequence[Message[DataT]]) -> None:
        self._events: Final = tuple(events)

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Message[DataT]: ...

    @overload
    def __getitem__(self, index: slice) -> EventBatch[DataT]: ...

    def __getitem__(self, index: int | slice) -> Message[DataT] | EventBatch[DataT]:
        found = self._events[index]
        return EventBatch(found) if isinstance(found, tuple) else found

    def __repr__(self) -> str:
        return f"<EventBatch of {len(self)} from {self[0].channel}>" if self else "<EventBatch of 0>"

    async def ack(self) -> None:
        """Say that all events of the batch are handled, as `Message.ack` does for one."""
        for event in self._events:
            await event.ack()

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Handle the batch and store the position after it, all or nothing.

        Its block gets what the store lets a program write with, such as an ``AsyncConnection`` of SQLAlchemy or a
        pipeline of redis-py. Then the events are acknowledged. If the block raises, nothing is stored, and the same
        batch may be tried again.

        Raises:
            UsageError: The events are acknowledged already, or earlier ones are not, or no extension has transactions.
            ConsumerConflictError: Another consumer of this name is at work; nothing was written.
        """
        *earlier, last = self._events
        return last.transaction(earlier=earlier)
