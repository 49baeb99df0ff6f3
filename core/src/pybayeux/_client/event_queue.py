"""The events of one subscription, from the dispatcher to the receiver.

Owns the queue, what counts as handled, and what becomes of an event that does not fit the subscription's type. Knows
channels and messages, nothing of sessions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, Self, TypeAlias

from .._util.arguments import check_choice
from .._util.typevars import DataT
from ..errors import BayeuxError, ClientStateError, ReceiverError, UsageError
from ..message import replay_id_of
from .presentation import Presentation
from .receipts import EventReceipt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from ..message import Message

__all__ = ("AckMode", "ErrorPolicy", "EventQueue", "EventQueueOwner")

AckMode: TypeAlias = Literal["auto", "manual"]
ErrorPolicy: TypeAlias = Literal["raise", "skip", "retry", "dead_letter"]


class EventQueueOwner(Protocol):
    """What a queue needs of the dispatcher: the counters and calls of its owner."""

    waiting: int
    """How many events wait in queues; a queue from which one is taken counts it down."""
    full: bool
    """Whether there is no room for more; a queue from which an event is taken then calls `event_taken`."""
    observed: bool
    """Whether an extension wants to know which events were handled."""

    def event_taken(self) -> None:
        """An event left a queue while there was no room."""

    def event_handled(self, message: Message) -> Awaitable[Any] | None:
        """A receiver has finished with this event; returns what is left to await."""

    def events_abandoned(self, messages: Sequence[Message]) -> None:
        """A receiver ended its subscription and will not handle these."""

    def receiver_failed(self, events: EventQueue, message: Message | None, error: BaseException) -> None:
        """A receiver failed, and will not handle this event, if it had one."""

    async def unsubscribe(self, events: EventQueue) -> None:
        """The receiver ends a subscription."""

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """The transaction in which an event may be handled, and those before it, or None."""

    def report(self, error: BayeuxError) -> None:
        """Report an error after which the receiver goes on."""

    async def keep(self, message: Message, subscription: str, error: ReceiverError) -> bool:
        """Have an event kept as a dead letter that its receiver failed on; return whether it is safe."""


class EventQueue(Generic[DataT]):
    """The events of one channel or pattern, in order.

    An event counts as handled when the loop asks for the next one, or leaves its ``async with`` block without an
    exception. With ``ack="manual"`` it counts when ``await event.ack()`` was called on it and on all before it.

    Attributes:
        channel: The channel or pattern subscribed to.
        on_error: What becomes of an event that does not fit `type`, or that a handler failed on.
        put: Takes an event into the queue. For the dispatcher.
        idle: Whether the receiver waits for an event: then `wake` follows `put`. For the dispatcher.
    """

    def __init__(
        self,
        channel: str,
        owner: EventQueueOwner,
        *,
        type: Any = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> None:
        self.channel: Final = channel
        self.on_error: Final = on_error
        self._owner: Final = owner
        check_choice("ack", ack, AckMode)
        check_choice("on_error", on_error, ErrorPolicy)
        self._presentation: Final[Presentation[DataT]] = Presentation(type)
        self._manual: Final = ack == "manual"
        # Other receivers get the same event, and must not see that it is decoded, or to be acknowledged.
        self._as_is: Final = type is None and not self._manual
        self._queue: Final[deque[Message]] = deque()
        self._is_held = False
        self._taken: Final[deque[Message]] = deque()
        self._acknowledged: set[int] = set()
        self._arrived: asyncio.Future[None] | None = None
        self._consume: Callable[[], bool] | None = None
        self._closed = False
        self._error: BayeuxError | None = None
        self.put: Final = self._queue.append
        self.idle: bool = False

    def __repr__(self) -> str:
        return f"<EventQueue {self.channel} {'closed' if self._closed else f'{self.pending} waiting'}>"

    @property
    def pending(self) -> int:
        """How many events wait to be taken."""
        return len(self._queue)

    @property
    def has_next(self) -> bool:
        """Whether an event can be taken now."""
        return bool(self._queue) and not self._is_held

    @property
    def closed(self) -> bool:
        """Whether the subscription has ended."""
        return self._closed

    @property
    def is_given_up(self) -> bool:
        """Whether the subscription has ended without an error, and the events that waited were dropped."""
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
            if (not queue or self._is_held) and not await self.wait_for_event():
                return
            message = queue.popleft()
            taken.append(message)
            owner.waiting -= 1
            if owner.full:
                owner.event_taken()
            if as_is:
                yield message
                continue
            try:
                shown = self._presented(message)
            except ReceiverError as error:
                if (unfinished := self.pass_over(error)) is not None:
                    await unfinished
                continue
            yield shown

    async def __anext__(self) -> Message[DataT]:
        if not (taken := await self.take(1, len(self._taken))):
            raise StopAsyncIteration
        return taken[0]

    async def next(self, timeout: float | None = None) -> Message[DataT]:
        """Take the next event. Those taken before count as handled.

        Raises:
            TimeoutError: None came within `timeout` seconds.
            ClientStateError: The subscription has ended.
        """
        if not (taken := await self.take(1, len(self._taken), timeout)):
            raise ClientStateError(f"the subscription to {self.channel} has ended")
        return taken[0]

    async def take(self, most: int, handled: int = 0, timeout: float | None = None) -> list[Message[DataT]]:
        """Take several events at once, at least one; none if the subscription ended. For receivers in other threads.

        Args:
            most: How many at the most.
            handled: How many of those taken before count as handled from now on.
            timeout: Seconds to wait for the first; unlimited by default.

        Raises:
            TimeoutError: None came in time.
            ReceiverError: The next event does not fit the type of the subscription. It counts as taken.
        """
        await self.finish(handled)
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        shown: list[Message[DataT]] = []
        while not shown and (self.has_next or await self.wait_for_event(deadline)):
            await self._take_fit(most, shown)
        return shown

    async def _take_fit(self, most: int, shown: list[Message[DataT]]) -> None:
        """Take the events that wait, up to one that does not fit: it has its turn when those before it are handled."""
        while self.has_next and len(shown) < most:
            try:
                event = self._shown(self._queue[0])
            except ReceiverError as error:
                if shown:
                    return
                self._pop()
                if (unfinished := self.pass_over(error)) is not None:
                    await unfinished
            else:
                self._pop()
                shown.append(event)

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

    async def abandon(self, handled: int) -> None:
        """Nothing is taken any more; of the events taken, the first `handled` are handled, the others not."""
        await self.finish(handled)
        self._release(self._taken)

    async def unsubscribe(self) -> None:
        """End the subscription. Events that wait are given up, unhandled. A second call does nothing."""
        if not self._closed:
            await self._owner.unsubscribe(self)

    # -- one event at a time, for handlers

    def consume_in_place(self, consume: Callable[[], bool]) -> None:
        """Call `consume` as soon as events arrive, until it returns False."""
        self._consume, self.idle = consume, True
        self.wake()

    def take_one(self) -> Message[DataT]:
        """Take an event that waits.

        Raises:
            ReceiverError: It does not fit the type of the subscription. It counts as taken.
        """
        return self._shown(self._pop())

    def _pop(self) -> Message:
        message = self._queue.popleft()
        self._taken.append(message)
        self._owner.waiting -= 1
        if self._owner.full:
            self._owner.event_taken()
        return message

    def finish_one(self) -> Awaitable[Any] | None:
        """The event taken first is handled; returns what is left to await."""
        return self._finish_first() if self._taken and not self._manual else None

    @property
    def _event_in_hand(self) -> Message | None:
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

    # -- events that the receiver cannot take, or failed on

    def failure(self, cause: BaseException) -> ReceiverError:
        """The error of the receiver on the event that it took last."""
        replay_id = replay_id_of(self._taken[-1]) if self._taken else None
        return ReceiverError(self._taken[-1].channel if self._taken else self.channel, cause, replay_id)

    def pass_over(self, error: ReceiverError) -> Awaitable[Any] | None:
        """Go on after the event taken last, which does not fit, where the policy says so; returns what to await.

        Raises:
            ReceiverError: The policy does not.
        """
        if self.on_error == "skip":
            self._owner.report(error)
            return self.settle(self._taken[-1], None) if self._manual else self.finish_one()
        if self.on_error == "dead_letter":
            self._owner.report(error)
            return self.set_aside(error)
        raise error

    async def set_aside(self, error: ReceiverError, shown: Message | None = None) -> None:
        """Have the event taken last kept as a dead letter; only then it counts as handled.

        Args:
            error: What the receiver failed with.
            shown: The event as the receiver got it, or None if it got none.

        Raises:
            ReceiverError: No extension keeps it.
        """
        if (event := self._event_in_hand) is None:
            return  # the receiver has acknowledged it
        if not await self._owner.keep(event, self.channel, error):
            raise error
        await self.settle(event, shown)

    async def wait_for_event(self, deadline: float | None = None) -> bool:
        """Wait until an event can be taken; False if none will come.

        Args:
            deadline: The time of the loop at which to give up.

        Raises:
            TimeoutError: The deadline has passed.
            ClientStateError: Another task waits already.
            BayeuxError: The error that ended the subscription.
        """
        if self.idle:
            raise ClientStateError(f"two tasks wait for events of {self.channel} on one subscription: subscribe twice")
        while not self._queue or self._is_held:
            if self._closed:
                if self._error is not None:
                    raise self._error
                return False
            self._arrived, self.idle = asyncio.get_running_loop().create_future(), True
            try:
                if deadline is None:
                    await self._arrived
                else:
                    await self._arrives(self._arrived, deadline)
            finally:
                self.idle = False
        return True

    async def _arrives(self, arrived: asyncio.Future[None], deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline) as limit:
                await arrived
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"no event of {self.channel} came in time") from None

    def _finish_first(self) -> Awaitable[Any] | None:
        return self._owner.event_handled(self._taken.popleft())

    # -- events as the receiver asked for them

    def _shown(self, message: Message) -> Message[DataT]:
        return message if self._as_is else self._presented(message)

    def _presented(self, message: Message) -> Message[DataT]:
        shown = self._presentation.copy_of(message)
        if self._manual:
            shown.attach_receipt(EventReceipt(self, message))
        return shown

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
        if self._is_held and not self._closed:
            return
        self.idle = False
        if self._consume is not None:
            if self._consume():
                self.idle = True
            else:
                self._consume = None
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def hold(self) -> None:
        """Let the receiver take no further event: those that wait, and those that come, stay in the queue."""
        self._is_held = True

    def release(self) -> None:
        """Let the receiver take events again."""
        self._is_held = False
        if self.idle and self._queue:
            self.wake()

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
        elif self._is_held:
            self.drop(self.pending)
        if self.idle:
            self.wake()

    def _give_up(self) -> None:
        """Drop the waiting events, which the server sends again if it keeps them; the receiver may finish its own."""
        if self._manual:
            self._release(self._taken)
        self.drop(self.pending)
        self._owner.event_taken()

    def _release(self, events: deque[Message]) -> None:
        self._owner.events_abandoned(list(events))
        events.clear()
