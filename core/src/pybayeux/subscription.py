"""Subscriptions and the way from a concrete channel to its receivers.

Owns the queues between the connection and the user's code. Knows channels and messages, nothing of sessions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TypeAlias

import msgspec

from ._util.arguments import check_choice
from ._util.conversion import payload_decoder
from .errors import BayeuxError, ClientStateError, ReceiverError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from .message import Message

__all__ = ("AckMode", "Courier", "Receipt", "Subscribing", "Subscription")

AckMode: TypeAlias = Literal["auto", "manual"]


class Courier(Protocol):
    """What a subscription tells the one that brings its events."""

    waiting: int
    """How many events wait in queues; who takes one counts it down."""
    full: bool
    """Whether there is no room for more: who takes an event then says `taken`."""
    indifferent: bool
    """Whether nobody wants to know which events were handled."""

    def taken(self) -> None:
        """An event left a queue while there was no room."""

    def handled(self, message: Message) -> Awaitable[None] | None:
        """A receiver has finished with this event."""

    def left(self, messages: Sequence[Message]) -> None:
        """A receiver went away by its own will and will not handle these."""

    def broke(self, message: Message) -> None:
        """A receiver failed on this event and will not handle it."""

    async def unsubscribe(self, subscription: Subscription) -> None:
        """The user ends a subscription."""

    @property
    def transaction(self) -> Callable[[Message], AbstractAsyncContextManager[Any] | None]:
        """Gives the transaction in which an event may be handled, or None."""


class Subscription:
    """The events of one channel or pattern, in order: ``async for event in subscription``.

    An event counts as handled when the loop asks for the next one, or leaves its ``async with`` block without an
    exception. With ``ack="manual"`` it counts when ``await event.ack()`` was called on it and on all before it.

    Attributes:
        channel: The channel or pattern subscribed to.
    """

    def __init__(self, channel: str, courier: Courier, *, type: Any = None, ack: AckMode = "auto") -> None:
        self.channel: Final = channel
        self._courier: Final = courier
        check_choice("ack", ack, AckMode)
        self._decode: Final = None if type is None else payload_decoder(type)
        self._manual: Final = ack == "manual"
        self._as_is: Final = type is None and not self._manual
        self._queue: Final[deque[Message]] = deque()
        self._given: Final[deque[Message]] = deque()
        self._acknowledged: set[int] = set()
        self._arrived: asyncio.Future[None] | None = None
        self._closed = False
        self._error: BayeuxError | None = None
        self.put: Final = self._queue.append
        self.idle = False

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

    # -- the receiver's side

    async def __aiter__(self) -> AsyncIterator[Message]:
        # A generator costs a third less than a coroutine for each event.
        queue, given, courier = self._queue, self._given, self._courier
        automatic, as_is = not self._manual, self._as_is
        while True:
            if given and automatic:
                if courier.indifferent:
                    given.clear()
                elif (later := self._finish_given()) is not None:
                    await later
            if not queue and not await self._arrival():
                return
            message = queue.popleft()
            given.append(message)
            courier.waiting -= 1
            if courier.full:
                courier.taken()
            yield message if as_is else self._presented(message)

    async def __anext__(self) -> Message:
        await self.finish(len(self._given))
        if not self._queue and not await self._arrival():
            raise StopAsyncIteration
        return self._pop()

    async def take(self, most: int, handled: int = 0) -> list[Message]:
        """Several events at once, for receivers in other threads: at least one, none where the subscription ended.

        Args:
            most: How many at the most.
            handled: How many of those taken before count as handled from now on.
        """
        await self.finish(handled)
        if not self._queue and not await self._arrival():
            return []
        return [self._pop() for _ in range(min(most, len(self._queue)))]

    async def finish(self, count: int) -> None:
        """The first `count` of the events taken are handled, unless they are to be acknowledged one by one."""
        for _ in range(0 if self._manual else min(count, len(self._given))):
            if (later := self._finish_given()) is not None:
                await later

    def _pop(self) -> Message:
        message = self._queue.popleft()
        self._given.append(message)
        self._courier.waiting -= 1
        if self._courier.full:
            self._courier.taken()
        return message if self._as_is else self._presented(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.finish(1)
        await self.leave(error)

    async def leave(self, error: BaseException | None = None) -> None:
        """End the subscription; an error says that the receiver failed on the event in its hands."""
        if error is not None and self._given:
            self._courier.broke(self._given[0])
        self._release(self._given)  # before what waits behind it: `delivered` keeps the order
        await self.unsubscribe()

    async def unsubscribe(self) -> None:
        """End the subscription. Events that wait are given up, unhandled. Ending it twice is ending it once."""
        if not self._closed:
            await self._courier.unsubscribe(self)

    def _finish_given(self) -> Awaitable[None] | None:
        return self._courier.handled(self._given.popleft())

    async def _arrival(self) -> bool:
        """Wait for an event; False where none will come."""
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

    def _presented(self, message: Message) -> Message:
        """The event as the receiver asked for it; other receivers have the same one and must not see that."""
        shown = msgspec.structs.replace(message)
        if self._decode is not None:
            shown.data = self._converted(message, self._decode)
        if self._manual:
            shown.__dict__["receipt"] = Receipt(self, message)
        return shown

    def _converted(self, message: Message, decode: Callable[[bytes], Any]) -> Any:
        try:
            return decode(message.raw_data)
        except (msgspec.DecodeError, ValueError) as error:
            raise ReceiverError(message.channel, error) from error

    def transaction(self, message: Message) -> AbstractAsyncContextManager[Any]:
        """The transaction in which an event may be handled.

        Raises:
            UsageError: Nobody has one.
        """
        found = self._courier.transaction(message)
        if found is None:
            raise UsageError(
                f"no extension has a transaction for this event of {message.channel}: "
                "it takes pybayeux-replay with a store in a database"
            )
        return found

    def acknowledge(self, message: Message) -> list[Awaitable[None]]:
        """Note an acknowledgement; gives what the unbroken prefix has left to await."""
        if self._closed:
            return []  # it was given up, and comes again where the server keeps it
        self._acknowledged.add(id(message))
        later = []
        while self._given and id(self._given[0]) in self._acknowledged:
            self._acknowledged.discard(id(self._given[0]))
            if (pending := self._finish_given()) is not None:
                later.append(pending)
        return later

    # -- the courier's side

    def wake(self) -> None:
        """An event was put into the queue of an idle receiver."""
        self.idle = False
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def drop(self, most: int) -> int:
        """Give up the oldest events that wait, so many at the most; gives how many there were."""
        dropped = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        self._courier.waiting -= len(dropped)
        self._courier.left(dropped)
        return len(dropped)

    def end(self, error: BayeuxError | None = None) -> None:
        """No more events come; a receiver that waits is told, with the error where there is one."""
        if self._closed:
            return
        self._closed, self._error = True, error
        if error is None:
            self._give_up()
        self.wake()

    def _give_up(self) -> None:
        """What waits comes again where the server keeps it; what the receiver holds it may still finish."""
        if self._manual:
            self._release(self._given)
        self.drop(len(self._queue))
        self._courier.taken()

    def _release(self, events: deque[Message]) -> None:
        self._courier.left(list(events))
        events.clear()


class Receipt:
    """The right to acknowledge one event, once."""

    __slots__ = ("_message", "_subscription")

    def __init__(self, subscription: Subscription, message: Message) -> None:
        self._subscription: Subscription | None = subscription
        self._message = message

    async def acknowledge(self) -> None:
        """The event is handled; positions advance over the unbroken prefix of handled events."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            for later in subscription.acknowledge(self._message):
                await later

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Handle the event and keep its position, both or neither; then it is acknowledged."""
        if self._subscription is None:
            raise UsageError(f"this event of {self._message.channel} is acknowledged already")
        async with self._subscription.transaction(self._message) as transaction:
            yield transaction
        await self.acknowledge()


class Subscribing:
    """A subscription to be: ``await`` it, or enter it with ``async with``, which ends it at the block's end."""

    def __init__(self, begin: Callable[[], Awaitable[Subscription]]) -> None:
        self._begin: Final = begin
        self._begun = False
        self._subscription: Subscription | None = None

    def __await__(self) -> Generator[Any, None, Subscription]:
        if self._begun:
            raise UsageError("this subscription has begun: call subscribe() again for another")
        self._begun = True
        return self._begin().__await__()

    async def __aenter__(self) -> Subscription:
        self._subscription = await self
        return self._subscription

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None:
            await self._subscription.__aexit__(kind, error, trace)
