"""Receipts of events that a receiver acknowledges by itself, one at a time or in a transaction."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence
    from contextlib import AbstractAsyncContextManager

    from ..message import Message, Receipt

__all__ = ("EventReceipt", "TakenEvents")


class TakenEvents(Protocol):
    """The events that a receiver has taken and not acknowledged."""

    def acknowledge(self, message: Message) -> list[Awaitable[Any]]:
        """Record an acknowledgement; returns what is left to await for the events handled without a gap."""

    def transaction(self, message: Message, earlier: Sequence[Message] = ()) -> AbstractAsyncContextManager[Any]:
        """The transaction in which an event may be handled, and those before it."""


class EventReceipt:
    """The right to acknowledge one event, once.

    Args:
        events: The events that were taken.
        message: This event.
    """

    __slots__ = ("_events", "_message")

    def __init__(self, events: TakenEvents, message: Message) -> None:
        self._events: TakenEvents | None = events
        self._message = message

    async def acknowledge(self) -> None:
        """Report the event as handled; positions advance over the events handled without a gap."""
        events, self._events = self._events, None
        if events is not None:
            for unfinished in events.acknowledge(self._message):
                await unfinished

    @asynccontextmanager
    async def transaction(self, earlier: Sequence[Receipt] = ()) -> AsyncIterator[Any]:
        """Handle the events and keep the position, all or nothing; then they are acknowledged.

        Raises:
            UsageError: One of them is acknowledged already, or they are of several subscriptions.
        """
        receipts = [*earlier, self]
        *before, last = [self._message_of(each) for each in receipts]
        assert self._events is not None
        async with self._events.transaction(last, before) as transaction:
            yield transaction
        for receipt in receipts:
            await receipt.acknowledge()

    def _message_of(self, receipt: Receipt) -> Message:
        if not isinstance(receipt, EventReceipt) or receipt._events is None:
            raise UsageError(f"this event of {self._message.channel} is acknowledged already")
        if self._events is not None and receipt._events is not self._events:
            raise UsageError("the events of a transaction belong to several subscriptions: expected one")
        return receipt._message
