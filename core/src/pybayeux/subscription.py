"""Subscriptions: the events of one channel or pattern, as the user receives them.

Owns the queue between the connection and the user's code, and what counts as handled. Knows channels and messages,
nothing of sessions.
"""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, Self, TypeAlias

import msgspec

from ._util.arguments import check_choice
from ._util.conversion import payload_decoder
from ._util.typevars import DataT
from .errors import BayeuxError, ClientStateError, ReceiverError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from .message import Message, Receipt

__all__ = ("AckMode", "Subscribing", "Subscription", "SubscriptionOwner")

AckMode: TypeAlias = Literal["auto", "manual"]


class SubscriptionOwner(Protocol):
    """What a subscription needs of the dispatcher: the counters and calls of its owner."""

    waiting: int
    """How many events wait in queues; a subscription that takes one counts it down."""
    full: bool
    """Whether there is no room for more; a subscription that takes an event then calls `event_taken`."""
    observed: bool
    """Whether an extension wants to know which events were handled."""

    def event_taken(self) -> None:
        """An event left a queue while there was no room."""

    def event_handled(self, message: Message) -> Awaitable[Any] | None:
        """A receiver has finished with this event; returns what is left to await."""

    def events_abandoned(self, messages: Sequence[Message]) -> None:
        """A receiver ended its subscription and will not handle these."""

    def receiver_failed(self, subscription: Subscription, message: Message | None, error: BaseException) -> None:
        """A receiver failed, and will not handle this event, if it had one."""

    async def unsubscribe(self, subscription: Subscription) -> None:
        """The receiver ends a subscription."""

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """The transaction in which an event may be handled, and those before it, or None."""


class Subscription(Generic[DataT]):
    """The events of one channel or pattern, in order: ``async for event in subscription``.

    An event counts as handled when the loop asks for the next one, or leaves its ``async with`` block without an
    exception. With ``ack="manual"`` it counts when ``await event.ack()`` was called on it and on all before it.

    Attributes:
        channel: The channel or pattern subscribed to.
        put: Takes an event into the queue. For the dispatcher.
        idle: Whether the receiver waits for an event: then `wake` follows `put`. For the dispatcher.
    """

    def __init__(self, channel: str, owner: SubscriptionOwner, *, type: Any = None, ack: AckMode = "auto") -> None:
        self.channel: Final = channel
        self._owner: Final = owner
        check_choice("ack", ack, AckMode)
        self._decode: Final = None if type is None else payload_decoder(type)
        self._manual: Final = ack == "manual"
        self._as_is: Final = type is None and not self._manual
        self._queue: Final[deque[Message]] = deque()
        self._taken: Final[deque[Message]] = deque()
        self._acknowledged: set[int] = set()
        self._arrived: asyncio.Future[None] | None = None
        self._consume: Callable[[], bool] | None = None
        self._closed = False
        self._error: BayeuxError | None = None
        self.put: Final = self._queue.append
        self.idle: bool = False

    def __repr__(self) -> str:
        return f"<Subscription {self.channel} {'closed' if self._closed else f'{len(self._queue)} waiting'}>"

    @property
    def pending(self) -> int:
        """How many events wait to be taken."""
        return len(self._queue)

    @property
    def closed(self) -> bool:
        """Whether the subscription has ended."""
        return self._closed

    @property
    def given_up(self) -> bool:
        """Whether the subscription was ended without an error: events that still wait are not handled any more."""
        return self._closed and self._error is None

    # -- for the receiver

    async def __aiter__(self) -> AsyncIterator[Message[DataT]]:
        # A generator costs a third less than a coroutine for each event.
        queue, taken, owner = self._queue, self._taken, self._owner
        automatic, as_is = not self._manual, self._as_is
        while True:
            if taken and automatic:
                if not owner.observed:
                    taken.clear()
                elif (unfinished := self._finish_first()) is not None:
                    await unfinished
            if not queue and not await self.wait_for_event():
                return
            message = queue.popleft()
            taken.append(message)
            owner.waiting -= 1
            if owner.full:
                owner.event_taken()
            yield message if as_is else self._presented(message)

    async def __anext__(self) -> Message[DataT]:
        await self.finish(len(self._taken))
        if not self._queue and not await self.wait_for_event():
            raise StopAsyncIteration
        return self.take_one()

    async def take(self, most: int, handled: int = 0) -> list[Message[DataT]]:
        """Take several events at once, at least one; none if the subscription ended. For receivers in other threads.

        Args:
            most: How many at the most.
            handled: How many of those taken before count as handled from now on.
        """
        await self.finish(handled)
        if not self._queue and not await self.wait_for_event():
            return []
        return [self.take_one() for _ in range(min(most, len(self._queue)))]

    async def finish(self, count: int) -> None:
        """The first `count` of the events taken are handled, unless they are to be acknowledged one by one."""
        for _ in range(min(count, len(self._taken))):
            if (unfinished := self.finish_one()) is not None:
                await unfinished

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.finish(1)
        await self.leave(error)

    async def leave(self, error: BaseException | None = None) -> None:
        """End the subscription; an error says that the receiver failed on the event that it was handling."""
        if error is not None:
            self._owner.receiver_failed(self, self._taken[0] if self._taken else None, error)
        self._release(self._taken)  # before what waits behind it: `delivered` keeps the order
        await self.unsubscribe()

    async def unsubscribe(self) -> None:
        """End the subscription. Events that wait are given up, unhandled. A second call does nothing."""
        if not self._closed:
            await self._owner.unsubscribe(self)

    # -- one event at a time, for handlers

    def consume_in_place(self, consume: Callable[[], bool]) -> None:
        """Call `consume` as soon as events arrive, until it returns False."""
        self._consume = consume
        self.wake()

    def take_one(self) -> Message[DataT]:
        """Take an event that waits.

        Raises:
            ReceiverError: It does not fit the type of the subscription. It counts as taken.
        """
        message = self._queue.popleft()
        self._taken.append(message)
        self._owner.waiting -= 1
        if self._owner.full:
            self._owner.event_taken()
        return message if self._as_is else self._presented(message)

    def finish_one(self) -> Awaitable[Any] | None:
        """The event taken first is handled; returns what is left to await."""
        return self._finish_first() if self._taken and not self._manual else None

    @property
    def event_in_hand(self) -> Message | None:
        """The event taken last, as it was received; None where it is handled."""
        if not self._taken or id(self._taken[-1]) in self._acknowledged:
            return None
        return self._taken[-1]

    async def settle(self, message: Message, shown: Message | None) -> None:
        """The event taken last is handled, even if the receiver acknowledges by itself.

        Args:
            message: The event as it was received.
            shown: The event as the receiver got it, or None if it got none.
        """
        if not self._manual:
            await self.finish(1)
        elif shown is not None and shown.receipt is not None:
            await shown.receipt.acknowledge()  # the receiver might call it as well
        else:
            for unfinished in self.acknowledge(message):
                await unfinished

    async def wait_for_event(self) -> bool:
        """Wait until an event can be taken; False if none will come.

        Raises:
            ClientStateError: Another task waits already.
            BayeuxError: The error that ended the subscription.
        """
        if self.idle:
            raise ClientStateError(f"two tasks wait for events of {self.channel} on one subscription: subscribe twice")
        while not self._queue:
            if self._closed:
                if self._error is not None:
                    raise self._error
                return False
            self._arrived, self.idle = asyncio.get_running_loop().create_future(), True
            try:
                await self._arrived
            finally:
                self.idle = False
        return True

    def _finish_first(self) -> Awaitable[Any] | None:
        return self._owner.event_handled(self._taken.popleft())

    # -- events as the receiver asked for them

    def _presented(self, message: Message) -> Message[DataT]:
        """A copy, decoded or to be acknowledged: other receivers get the same event and must not see that."""
        shown = msgspec.structs.replace(message)
        if self._decode is not None:
            shown.data = self._converted(message, self._decode)
        if self._manual:
            shown.attach_receipt(_Receipt(self, message))
        return shown

    def _converted(self, message: Message, decode: Callable[[bytes], Any]) -> Any:
        try:
            return decode(message.raw_data)
        except (msgspec.DecodeError, ValueError) as error:
            raise ReceiverError(message.channel, error) from error

    def transaction(self, message: Message, earlier: Sequence[Message] = ()) -> AbstractAsyncContextManager[Any]:
        """The transaction in which an event may be handled, and those before it.

        Raises:
            UsageError: No extension has one.
        """
        found = self._owner.transaction(message, earlier)
        if found is None:
            raise UsageError(
                f"no extension has a transaction for this event of {message.channel}: "
                "it takes pybayeux-replay with a store in a database"
            )
        return found

    def acknowledge(self, message: Message) -> list[Awaitable[Any]]:
        """Record an acknowledgement; returns what is left to await for the events handled without a gap."""
        if self._closed:
            return []  # it was dropped; the server sends it again if it keeps it
        self._acknowledged.add(id(message))
        unfinished = []
        while self._taken and id(self._taken[0]) in self._acknowledged:
            self._acknowledged.discard(id(self._taken[0]))
            if (pending := self._finish_first()) is not None:
                unfinished.append(pending)
        return unfinished

    # -- for the dispatcher

    def wake(self) -> None:
        """An event was put into the queue of an idle receiver."""
        self.idle = False
        if self._consume is not None:
            if self._consume():
                self.idle = True
            else:
                self._consume = None
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def drop(self, most: int) -> int:
        """Drop at most `most` of the oldest waiting events; returns how many were dropped."""
        dropped = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        self._owner.waiting -= len(dropped)
        self._owner.events_abandoned(dropped)
        return len(dropped)

    def end(self, error: BayeuxError | None = None) -> None:
        """End it: a waiting receiver is woken, and raises the error if there is one."""
        if self._closed:
            return
        self._closed, self._error = True, error
        if error is None:
            self._give_up()
        if self.idle:
            self.wake()

    def _give_up(self) -> None:
        """Drop the waiting events, which the server sends again if it keeps them; the receiver may finish its own."""
        if self._manual:
            self._release(self._taken)
        self.drop(len(self._queue))
        self._owner.event_taken()

    def _release(self, events: deque[Message]) -> None:
        self._owner.events_abandoned(list(events))
        events.clear()


class _Receipt:
    """The right to acknowledge one event, once."""

    __slots__ = ("_message", "_subscription")

    def __init__(self, subscription: Subscription, message: Message) -> None:
        self._subscription: Subscription | None = subscription
        self._message = message

    async def acknowledge(self) -> None:
        """Report the event as handled; positions advance over the events handled without a gap."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            for unfinished in subscription.acknowledge(self._message):
                await unfinished

    @asynccontextmanager
    async def transaction(self, earlier: Sequence[Receipt] = ()) -> AsyncIterator[Any]:
        """Handle the events and keep the position, all or nothing; then they are acknowledged."""
        receipts = [*earlier, self]
        *before, last = [self._message_of(each) for each in receipts]
        assert self._subscription is not None
        async with self._subscription.transaction(last, before) as transaction:
            yield transaction
        for receipt in receipts:
            await receipt.acknowledge()

    def _message_of(self, receipt: Receipt) -> Message:
        if not isinstance(receipt, _Receipt) or receipt._subscription is None:
            raise UsageError(f"this event of {self._message.channel} is acknowledged already")
        if self._subscription is not None and receipt._subscription is not self._subscription:
            raise UsageError("the events of a transaction belong to several subscriptions: expected one")
        return receipt._message


class Subscribing(Generic[DataT]):
    """A subscription that is not made yet: ``await`` it, or enter it with ``async with``, which also ends it.

    One that is neither awaited nor entered is a RuntimeWarning, as with a coroutine: nothing was subscribed to.
    """

    def __init__(self, channel: str, begin: Callable[[], Awaitable[Subscription[DataT]]]) -> None:
        self._channel: Final = channel
        self._begin: Final = begin
        self._begun = False
        self._subscription: Subscription[DataT] | None = None

    def __del__(self) -> None:
        if not self._begun:
            text = f"subscribe({str(self._channel)!r}) was never awaited: nothing was subscribed to"
            warnings.warn(text, RuntimeWarning, stacklevel=2)

    def __await__(self) -> Generator[Any, None, Subscription[DataT]]:
        if self._begun:
            raise UsageError("this subscription has begun: call subscribe() again for another")
        self._begun = True
        return self._begin().__await__()

    async def __aenter__(self) -> Subscription[DataT]:
        self._subscription = await self
        return self._subscription

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None:
            await self._subscription.__aexit__(kind, error, trace)
