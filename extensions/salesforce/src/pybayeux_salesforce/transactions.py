"""Transactions: groups change events by commit, with ``async for transaction in transactions(subscription)``.

A change event has the key of its transaction but does not say whether it is the last one ("Replicate Data", Change Data
Capture Developer Guide). So a transaction ends when an event with another key arrives, or when none arrives for a
while. A replica that applies each transaction as one unit never contains half of one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux.errors import ReceiverError, UsageError

from .changes import ChangeEventHeader, header_of
from .events import AnyEvent, ChangeEvent, event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from pybayeux import Message, Subscription

__all__ = ("Transaction", "transactions")


@dataclass(frozen=True, slots=True)
class Transaction:
    """The events of one transaction, in order.

    Attributes:
        key: The ``transactionKey``; None for an event that is not a change and so is returned alone.
        messages: The events as the subscription returns them.
        is_complete: False if further events of a large transaction follow in another part.
    """

    key: str | None
    messages: Sequence[Message]
    is_complete: bool = field(default=True)

    @property
    def changes(self) -> list[ChangeEvent[Any]]:
        """The change events among the messages.

        Raises:
            UnknownEventError: A message is not an event of Salesforce.
        """
        return [event for event in map(_event, self.messages) if isinstance(event, ChangeEvent)]

    async def ack(self) -> None:
        """Acknowledge all events, for a subscription with ``ack="manual"``."""
        for message in self.messages:
            await message.ack()

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Apply the changes and store the position in one database transaction: ``async with tr.transaction() as tx``.

        For a subscription with ``ack="manual"``, under an extension that has transactions, such as replay with a store
        in a database; `tx` is what the store's transactions return. Where the block ends without an exception, the
        changes and the position are stored together, and all events are acknowledged; else neither is, and the
        transaction comes again as a whole.

        Raises:
            UsageError: This is a part of a transaction that is larger than `most`, the events came from another kind of
                subscription or were acknowledged before, or no extension has transactions.
        """
        if not self.is_complete:
            raise UsageError(
                f"transaction {self.key} has more than {len(self.messages)} changes, and this is a part of it: to "
                "store it as a whole, pass a larger most= to transactions()"
            )
        *earlier, last = self.messages
        return last.transaction(earlier=earlier)


async def transactions(
    subscription: Subscription, *, quiet: float = 1.0, most: int = 10_000
) -> AsyncIterator[Transaction]:
    """Yield the events of a subscription, grouped by transaction.

    A transaction counts as handled when the next one is requested; with ``ack="manual"``, when its `ack` is called. Use
    the latter if the loop may end right after a transaction. A transaction that was not handled is sent again as a
    whole. One that is incomplete when the subscription ends is not returned, and is sent again.

    Args:
        subscription: A subscription to ``/data/...``. No other code may take events from it.
        quiet: Seconds without an event after which a transaction counts as complete.
        most: How many events are buffered for one transaction. A larger one is returned in parts.

    Raises:
        UsageError: `quiet` is not positive, or `most` is less than 1.
        ReceiverError: The header of an event is not as documented.
        BayeuxError: The subscription ended with an error.
    """
    if quiet <= 0 or most < 1:
        raise UsageError(f"expected quiet above 0 s and most of at least 1 event; got quiet={quiet:g}, most={most}")
    collector = _Collector(subscription, quiet, most)
    while (transaction := await collector.next()) is not None:
        yield transaction
        # Does nothing with ack="manual".
        await subscription.finish(len(transaction.messages))


class _Collector:
    """Collects the events of a subscription into transactions.

    Args:
        subscription: The subscription.
        quiet: Seconds without an event that end a transaction.
        most: How many events are buffered.
    """

    def __init__(self, subscription: Subscription, quiet: float, most: int) -> None:
        self._subscription: Final = subscription
        self._quiet: Final = quiet
        self._most: Final = most
        self._next: Message | None = None

    async def next(self) -> Transaction | None:
        """Return the next transaction, or a part of a large one; None if the subscription has ended."""
        first = self._next or await self._take()
        self._next = None
        if first is None:
            return None
        key, messages = _key(first), [first]
        while key is not None:
            try:
                async with asyncio.timeout(self._quiet):
                    self._next = await self._take()
            except TimeoutError:
                break
            if self._next is None:
                return None
            if _key(self._next) != key:
                break
            if len(messages) == self._most:
                return Transaction(key, messages, is_complete=False)
            messages.append(self._next)
            self._next = None
        return Transaction(key, messages)

    async def _take(self) -> Message | None:
        taken = await self._subscription.take(1)
        return taken[0] if taken else None


def _key(message: Message) -> str | None:
    header = _header(message)
    return header.transaction_key or None if header is not None else None


def _header(message: Message) -> ChangeEventHeader | None:
    data = message.data
    payload = data.get("payload") if isinstance(data, dict) else getattr(data, "payload", None)
    try:
        return header_of(payload)
    except msgspec.ValidationError as error:
        raise ReceiverError(message.channel, error) from error


def _event(message: Message) -> AnyEvent:
    return message.data if isinstance(message.data, ChangeEvent) else event_of(message)
