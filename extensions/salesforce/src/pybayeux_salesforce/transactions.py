"""Changes that were committed together, given together: ``async for transaction in transactions(subscription)``.

An event tells its transaction's key and not whether it is the last ("Replicate Data", Change Data Capture Developer
Guide). So a transaction is over when another key comes, or when nothing has come for a while. Who applies a transaction
as one unit has a replica that no half of a transaction was ever in.
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

    from pybayeux import Message, Subscription

__all__ = ("Transaction", "transactions")


@dataclass(frozen=True, slots=True)
class Transaction:
    """Events of one transaction, in their order.

    Attributes:
        key: The ``transactionKey``; None for an event that is no change, which stands alone.
        messages: The events as the subscription gives them.
        is_complete: False for the parts of one that is larger than the buffer, but for the last part.
    """

    key: str | None
    messages: Sequence[Message]
    is_complete: bool = field(default=True)

    @property
    def changes(self) -> list[ChangeEvent[Any]]:
        """The events as change events; whatever else there is, is left out.

        Raises:
            UnknownEventError: One of them is none of Salesforce's.
        """
        return [event for event in map(_event, self.messages) if isinstance(event, ChangeEvent)]

    async def ack(self) -> None:
        """All of it is handled: for a subscription made with ``ack="manual"``."""
        for message in self.messages:
            await message.ack()


async def transactions(
    subscription: Subscription, *, quiet: float = 1.0, most: int = 10_000
) -> AsyncIterator[Transaction]:
    """The events of a subscription, grouped by transaction.

    A transaction counts as handled, all at once, when the next one is asked for. With ``ack="manual"`` it counts when
    its `ack` was called: the way to go where a loop may be left behind a transaction. One that was not handled comes
    again as a whole. What is not complete when the subscription ends is not given, and comes again.

    Args:
        subscription: One to ``/data/...``, whose events nobody else takes.
        quiet: Seconds without an event after which a transaction is taken for complete.
        most: How many events are kept for one; a larger one is given in parts.

    Raises:
        UsageError: `quiet` or `most` make no sense.
        ReceiverError: A header is not as documented.
        BayeuxError: What ended the subscription.
    """
    if quiet <= 0 or most < 1:
        raise UsageError("quiet is more than 0 seconds, most at least 1 event")
    collector = _Collector(subscription, quiet, most)
    while (transaction := await collector.next()) is not None:
        yield transaction
        # Of a subscription that is acknowledged by hand this does nothing.
        await subscription.finish(len(transaction.messages))


class _Collector:
    """Takes events until a transaction is complete.

    Args:
        subscription: Where they come from.
        quiet: Seconds that end a transaction.
        most: How many events it keeps.
    """

    def __init__(self, subscription: Subscription, quiet: float, most: int) -> None:
        self._subscription: Final = subscription
        self._quiet: Final = quiet
        self._most: Final = most
        self._next: Message | None = None

    async def next(self) -> Transaction | None:
        """The next transaction, or a part of a large one; None where the subscription has ended."""
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
