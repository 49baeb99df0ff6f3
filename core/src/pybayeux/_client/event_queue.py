"""The events of one subscription, from the dispatcher to the receiver.

Owns the queue, and who waits for it. What becomes of an event that was taken is in `events_in_hand.py`. Knows channels
and messages, nothing of sessions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, Self, TypeAlias, get_args

from .._util.arguments import check_choice
from .._util.typevars import DataT
from ..errors import BayeuxError, ClientStateError, ReceiverError
from .events_in_hand import NO_EVENTS, ErrorPolicy, EventsInHand, EventsInHandOwner
from .presentation import AS_RECEIVED, Presentation
from .receipts import EventReceipt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from ..message import Message

__all__ = ("AckMode", "EventQueue", "EventQueueOwner")

AckMode: TypeAlias = Literal["auto", "manual"]
_ACK_MODES: Final = get_args(AckMode)
_ERROR_POLICIES: Final = get_args(ErrorPolicy)


class EventQueueOwner(EventsInHandOwner, Protocol):
    """What a queue needs of the dispatcher: the counters and calls of its owner."""

    waiting: int
    """How many events wait in queues; a queue from which one is taken counts it down."""
    full: bool
    """Whether there is no room for more; a queue from which an event is taken then calls `event_taken`."""
    holding: bool
    """Whether receivers take no further event: those that wait, and those that come, stay in the queues."""

    def wake_later(self, queue: EventQueue) -> None:
        """Events wait for an idle receiver that is held: call `released` when it is no more."""

    def event_taken(self) -> None:
        """An event left a queue while there was no room."""

    def receiver_failed(self, queue: EventQueue, message: Message | None, error: BaseException) -> None:
        """A receiver failed, and will not handle this event, if it had one."""

    async def unsubscribe(self, queue: EventQueue) -> None:
        """The receiver ends a subscription."""


class EventQueue(Generic[DataT]):
    """The events of one channel or pattern, in order.

    An event counts as handled when the loop asks for the next one, or leaves its ``async with`` block without an
    exception. With ``ack="manual"`` it counts when ``await event.ack()`` was called on it and on all before it.

    Attributes:
        channel: The channel or pattern subscribed to.
        on_error: What becomes of an event that does not fit `type`, or that a handler failed on.
        in_hand: The events that were taken and are not finished.
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
        check_choice("ack", ack, _ACK_MODES)
        check_choice("on_error", on_error, _ERROR_POLICIES)
        self._presentation: Final[Presentation[DataT]] = AS_RECEIVED if type is None else Presentation(type)
        self._manual: Final = ack == "manual"
        # Other receivers get the same event, and must not see that it is decoded, or to be acknowledged.
        self._as_is: Final = type is None and not self._manual
        self._queue: deque[Message] = NO_EVENTS
        self._taken: deque[Message] = NO_EVENTS
        self.in_hand: Final = EventsInHand(channel, owner, manual=self._manual, on_error=on_error)
        self._arrived: asyncio.Future[None] | None = None
        self._consume: Callable[[], bool] | None = None
        self._closed = False
        self._error: BayeuxError | None = None
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
        return bool(self._queue) and not self._owner.holding

    @property
    def closed(self) -> bool:
        """Whether the subscription has ended."""
        return self._closed

    @property
    def is_given_up(self) -> bool:
        """Whether the subscription has ended without an error, and the events that waited were dropped."""
        return self._closed and self._error is None

    @property
    def oldest(self) -> Message | None:
        """The event that is to be handled next: in hand, or waiting; None without one. For any thread."""
        for events in (self._taken, self._queue):
            with suppress(IndexError):  # another thread may have taken the last one
                return events[0]
        return None

    def _begin(self) -> None:
        """The first event comes, or a receiver waits for it."""
        if self._queue is NO_EVENTS:
            self._queue, self._taken = deque(), self.in_hand.begin()
            self.put = self._queue.append  # type: ignore[method-assign]

    # -- for the receiver

    async def __aiter__(self) -> AsyncIterator[Message[DataT]]:
        # A generator costs a third less than a coroutine for each event.
        self._begin()
        queue, taken, owner, in_hand = self._queue, self._taken, self._owner, self.in_hand
        automatic, as_is = not self._manual, self._as_is
        while True:
            if taken and automatic:
                if not owner.observed:
                    taken.clear()
                elif (unfinished := owner.event_handled(taken.popleft())) is not None:
                    await unfinished
            if (not queue or owner.holding) and not await self.wait_for_event():
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
                if (unfinished := in_hand.pass_over(error)) is not None:
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
        await self.in_hand.finish(handled)
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        shown: list[Message[DataT]] = []
        while not shown and (self.has_next or await self.wait_for_event(deadline)):
            await self._take_fit(most, shown)
        return shown

    async def _take_fit(self, most: int, shown: list[Message[DataT]]) -> None:
        """Take the events that wait, up to one that does not fit: it has its turn when those before it are handled."""
        if self._as_is:  # all at once: an event costs a fifth of what it costs below
            queue = self._queue
            shown += [queue.popleft() for _ in range(min(most, len(queue)))]
            self._taken.extend(shown)
            self._owner.waiting -= len(shown)
            if self._owner.full:
                self._owner.event_taken()
            return
        while self.has_next and len(shown) < most:
            try:
                event = self._presented(self._queue[0])
            except ReceiverError as error:
                if shown:
                    return
                self._pop()
                if (unfinished := self.in_hand.pass_over(error)) is not None:
                    await unfinished
            else:
                self._pop()
                shown.append(event)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.in_hand.finish(1)
        await self.leave(error)

    async def leave(self, error: BaseException | None = None) -> None:
        """End the subscription; an error says that the receiver failed on the event that it was handling."""
        if error is not None:
            self._owner.receiver_failed(self, self._taken[0] if self._taken else None, error)
        self.in_hand.release()  # before what waits behind it: `delivered` keeps the order
        await self.unsubscribe()

    @property
    def is_paused(self) -> bool:
        """Whether the receiver is to begin no further event that it has taken. Any thread may ask."""
        return self._owner.holding or self.is_given_up

    def give_back(self, count: int) -> None:
        """The last `count` of the events taken were not begun: they wait again, at the head of the queue.

        If the subscription was ended, they are given up.
        """
        events = [self._taken.pop() for _ in range(min(count, len(self._taken)))]
        if self.is_given_up:
            self._owner.events_abandoned(events[::-1])
        else:
            self._queue.extendleft(events)
            self._owner.waiting += len(events)

    async def unsubscribe(self) -> None:
        """End the subscription. Events that wait are given up, unhandled. A second call does nothing."""
        if not self._closed:
            await self._owner.unsubscribe(self)

    # -- one event at a time, for handlers

    def consume_in_place(self, consume: Callable[[], bool]) -> None:
        """Call `consume` for each event as soon as it arrives, until it returns False."""
        self._consume, self.idle = consume, True
        self.wake()

    def take_one(self) -> Message[DataT]:
        """Take an event that waits.

        Raises:
            ReceiverError: It does not fit the type of the subscription. It counts as taken.
        """
        message = self._pop()
        return message if self._as_is else self._presented(message)

    def _pop(self) -> Message:
        message = self._queue.popleft()
        self._taken.append(message)
        self._owner.waiting -= 1
        if self._owner.full:
            self._owner.event_taken()
        return message

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
        while not self._queue or self._owner.holding:
            if self._closed:
                if self._error is not None:
                    raise self._error
                return False
            self._arrived = asyncio.get_running_loop().create_future()
            self._become_idle()
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
            async with asyncio.timeout_at(deadline):
                await arrived
        except TimeoutError:
            raise TimeoutError(f"no event of {self.channel} came in time") from None

    # -- events as the receiver asked for them

    def _presented(self, message: Message) -> Message[DataT]:
        shown = self._presentation.copy_of(message)
        if self._manual:
            shown.attach_receipt(EventReceipt(self.in_hand, message))
        return shown

    # -- for the dispatcher

    def put(self, event: Message, /) -> None:
        """Take an event into the queue. The first one: from then on the attribute is the queue's own method."""
        self._begin()
        self._queue.append(event)

    def wake(self) -> None:
        """An event was put into the queue of an idle receiver."""
        if self._owner.holding and not self._closed:
            self._owner.wake_later(self)
            return
        self.idle = False
        if self._consume is not None:
            self._consume_waiting(self._consume)
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def _consume_waiting(self, consume: Callable[[], bool]) -> None:
        queue = self._queue
        while queue and not self._owner.holding:
            if not consume():
                self._consume = None
                return
        self._become_idle()

    def _become_idle(self) -> None:
        self.idle = True
        if self._queue:  # it is held
            self._owner.wake_later(self)

    def released(self) -> None:
        """The receiver is not held any more."""
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
        self.in_hand.is_closed = True
        if error is None:
            self._give_up()
        elif self._owner.holding:
            self.drop(self.pending)
        if self.idle:
            self.wake()

    def _give_up(self) -> None:
        """Drop the waiting events, which the server sends again if it keeps them; the receiver may finish its own."""
        if self._manual:
            self.in_hand.release()
        self.drop(self.pending)
        self._owner.event_taken()
