"""The dispatcher: from the session's events to the subscriptions, and back when they are handled.

Owns the count of the events that wait, by which the stream is held back, the count of receivers that an event still
has, and the channels on which a receiver failed. The hook `delivered` is told of an event when its last receiver has
finished with it, in order of arrival within each channel. Knows nothing of sessions.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..channel import Channel
from ..errors import ReceiverError
from .insertions import Insertions
from .router import Router
from .unrouted import UnroutedEvents

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from ..errors import BayeuxError
    from ..message import Message
    from .background import BackgroundTasks
    from .dead_letters import DeadLetters
    from .event_queue import EventQueue
    from .hooks import HookRunner
    from .router import Receiver

__all__ = ("Dispatcher", "RoomObserver", "SubscriptionEnder")


class RoomObserver(Protocol):
    """Is told when the queues are full, and when there is room again: the back-pressure."""

    def room_changed(self, there_is_room: bool) -> None:
        """Whether there is room for more events has changed."""


class SubscriptionEnder(Protocol):
    """Ends a subscription on both sides: the subscription manager."""

    async def leave(self, queue: EventQueue, wait: bool = True) -> None:
        """The receiver ends a subscription."""


class Dispatcher:
    """Brings events to the queues of the subscriptions.

    Args:
        limit: How many events may wait in all before the next connect is held back.
        hooks: Run `delivered`, and have the transactions.
        background: Awaits what an asynchronous `delivered` leaves where no receiver can wait.
        dead_letters: Have events kept that receivers failed on.
        report: Called with errors after which the client goes on.

    Attributes:
        router: The subscriptions' queues by channel.
        waiting: How many events wait in queues. A queue from which one is taken counts it down.
        full: Whether there is no room for more. A queue from which an event is taken then calls `event_taken`.
        holding: Whether receivers take no further event. A queue with events then calls `wake_later`.
        failures: The channels of subscriptions that ended with an error, until they are subscribed to again.
        observed: Whether an extension wants to know which events were handled, as of the last batch.
        insertions: The places at which extensions give receivers events of their own.
        report: Reports an error after which a receiver goes on.
        keep: Has an event kept as a dead letter.
    """

    def __init__(
        self,
        limit: int,
        hooks: HookRunner,
        background: BackgroundTasks,
        dead_letters: DeadLetters,
        report: Callable[[BayeuxError], None],
    ) -> None:
        self.report: Final = report
        self.keep: Final = dead_letters.keep
        self._unrouted: Final = UnroutedEvents(report)
        self.router: Final = Router(self._join, self._unrouted.subscription_ended)
        self.waiting = 0
        self.full = False
        self.holding = False
        self.failures: Final[dict[str, BaseException]] = {}
        self.observed = True
        self._hooks: Final = hooks
        self._background: Final = background
        self._room_observer: RoomObserver | None = None
        self._ender: SubscriptionEnder | None = None
        self._limit: Final = limit
        self._low_water = limit
        self._dropped: int | None = None
        self._latest: Sequence[Message] = ()
        self._shares: dict[int, _Share] = {}
        self._stuck: set[str] = set()
        self._holders: Final[set[str]] = set()
        self._to_wake: Final[OrderedDict[EventQueue, None]] = OrderedDict()
        self.insertions: Final = Insertions(self)

    def attach(self, room_observer: RoomObserver, ender: SubscriptionEnder) -> None:
        """Know the parts that are made after this one."""
        self._room_observer, self._ender = room_observer, ender

    # -- from the session

    def dispatch(self, events: Sequence[Message]) -> None:
        """Put a batch of events into the queues of their receivers."""
        if self.waiting:
            for event in self._latest:
                event.detach()  # it outlives its batch
        self._latest = events
        self.observed = self._hooks.observes_delivery
        self.waiting += len(events)  # before a handler, which is called in place, counts its event down again
        routes, find = self.router.routes, self.router.find
        for event in events:
            receiver = routes.get(event.channel) or find(event.channel)
            receiver.put(event)
            if receiver.idle:
                receiver.wake()
        if self.waiting >= self._limit:
            self._no_room_left()

    # -- events of extensions

    def forward(self, channel: str, events: Sequence[Message]) -> None:
        """Give events to the receivers of a channel, past its insertions; they are counted as waiting already."""
        self.observed = self._hooks.observes_delivery
        for event in events:
            receiver = self.router.receiver(channel)
            receiver.put(event)
            if receiver.idle:
                receiver.wake()
        if self.waiting >= self._limit:
            self._no_room_left()

    def count(self, events: int) -> None:
        """So many events more, or fewer, wait behind an insertion."""
        self.waiting += events
        self.event_taken()

    def insertions_changed(self, channel: str) -> None:
        """A channel has insertions now, or none any more."""
        self.insertions.remove_done(channel)
        self.router.divert(channel, self.insertions.queues.get(channel))

    # -- room

    def _no_room_left(self) -> None:
        if self._dropped is not None:
            self._drop_oldest()
        if not self.full:
            self.full = True
            self._tell_room(False)

    def make_room(self) -> None:
        """Call it room only once half of the queue is free: having events sent again pays for many at a time."""
        self._low_water = max(1, self._limit // 2)

    def start_dropping(self) -> None:
        """From now on drop, of more events than there is room for, those that wait longest, where most wait."""
        self._dropped = 0
        self._drop_oldest()

    def stop_dropping(self) -> int:
        """Drop no more; returns how many events were dropped."""
        dropped, self._dropped = self._dropped or 0, None
        return dropped

    def _drop_oldest(self) -> None:
        while (surplus := self.waiting - self._limit) > 0:
            fullest = max(self.router, key=lambda queue: queue.pending)
            dropped = fullest.drop(surplus)
            if not dropped:
                break
            self._dropped = (self._dropped or 0) + dropped

    def event_taken(self) -> None:
        """An event left a queue while there was no room."""
        if self.full and self.waiting < self._low_water:
            self.full, self._low_water = False, self._limit
            self._tell_room(True)

    def _tell_room(self, there_is_room: bool) -> None:
        assert self._room_observer is not None
        self._room_observer.room_changed(there_is_room)

    # -- holding receivers back

    def hold(self, holder: str) -> None:
        """Give receivers no further event until `holder` releases them. What comes waits, and counts as waiting."""
        self._holders.add(holder)
        self.holding = True

    def release(self, holder: str, *, discard: bool) -> None:
        """`holder` no longer holds receivers back; with `discard`, what waits for them is given up."""
        if discard:
            for queue in self.router:
                queue.drop(queue.pending)
            self.insertions.discard()
            self.event_taken()
        self._holders.discard(holder)
        self.holding = bool(self._holders)
        # Not all queues: there may be thousands, and an extension may hold them at each event. And a handler, which is
        # called in place, may lead to holding again: those that had no turn then are first the next time.
        while self._to_wake and not self.holding:
            queue, _ = self._to_wake.popitem(last=False)
            queue.released()

    def wake_later(self, queue: EventQueue) -> None:
        """Events wait for an idle receiver that is held."""
        self._to_wake[queue] = None

    def discard(self, channel: str) -> None:
        """Give up the events that wait for the receivers of one channel or pattern, unhandled."""
        for queue in self.router.of(channel):
            queue.drop(queue.pending)
        self.insertions.discard(channel)
        self.event_taken()

    def in_hand(self, channel: str) -> int:
        """How many events the receivers of one channel or pattern have taken and not finished.

        Those of subscriptions that have ended count, as long as they may be finished.
        """
        return self.router.in_hand(channel)

    # -- from the subscriptions

    def subscription_started(self, channel: str) -> None:
        """A channel or pattern is subscribed to afresh: earlier failures on it hold nothing back any more."""
        self.failures.pop(channel, None)
        if self._stuck:
            pattern = Channel(channel)
            self._stuck = {stuck for stuck in self._stuck if not pattern.match(stuck)}

    def event_handled(self, message: Message) -> Awaitable[Any] | None:
        """A receiver has finished with this event; returns what is left to await."""
        if self._shares and not self._is_last(message, handled=True):
            return None
        if self._stuck and message.channel in self._stuck:
            return None
        return self._hooks.delivered(message)

    def events_abandoned(self, messages: Sequence[Message]) -> None:
        """A receiver went away without handling these; others may have handled them."""
        for message in messages:
            if id(message) not in self._shares or not self._is_last(message, handled=False):
                continue
            if message.channel in self._stuck:
                continue
            if (unfinished := self._hooks.delivered(message)) is not None:
                self._background.add(unfinished)

    def receiver_failed(self, queue: EventQueue, message: Message | None, error: BaseException) -> None:
        """A receiver failed: no later event of the channel may count as handled, or a restart would skip this one."""
        if isinstance(error, Exception):  # not where its task is cancelled
            self.failures[queue.channel] = _without_frames(queue.channel, error)
        if message is not None:
            self._stuck.add(message.channel)

    async def unsubscribe(self, queue: EventQueue) -> None:
        """The receiver ends a subscription."""
        assert self._ender is not None
        await self._ender.leave(queue)

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """The transaction in which an event may be handled, and those before it, or None."""
        return self._hooks.transaction(message, earlier)

    # -- events with several receivers

    def _join(self, queues: tuple[EventQueue, ...]) -> Receiver:
        return _SharedReceiver(self, queues)

    def share(self, event: Message, receivers: int) -> None:
        """Count an event with several receivers, or with none."""
        self.waiting += receivers - 1
        if not receivers:
            self._unrouted.note(event.channel)
        if receivers and self.observed:
            self._shares[id(event)] = _Share(event, receivers)

    def _is_last(self, message: Message, *, handled: bool) -> bool:
        share = self._shares.get(id(message))
        if share is None:
            return True
        share.left -= 1
        share.handled |= handled
        if share.left > 0:
            return False
        del self._shares[id(message)]
        return share.handled


class _SharedReceiver:
    """The receiver of a channel that several queues cover, or none: then the event is dropped, unhandled."""

    def __init__(self, dispatcher: Dispatcher, queues: tuple[EventQueue, ...]) -> None:
        self._dispatcher = dispatcher
        self._queues = queues
        self.idle = False

    def put(self, event: Message) -> None:
        self._dispatcher.share(event, len(self._queues))
        for queue in self._queues:
            queue.put(event)
            if queue.idle:
                queue.wake()

    def wake(self) -> None:
        """Never called, for it is never idle: each queue is woken by itself."""


class _Share:
    """An event that several receivers have; keeping it here keeps its identity from being used again."""

    __slots__ = ("event", "handled", "left")

    def __init__(self, event: Message, left: int) -> None:
        self.event = event
        self.left = left
        self.handled = False


def _without_frames(channel: str, error: BaseException) -> ReceiverError:
    """What is kept of a receiver's error: its traceback would keep the events that its frames have."""
    cause = error.__cause__ if isinstance(error, ReceiverError) else None
    kept = ReceiverError(channel, cause or error, error.replay_id if isinstance(error, ReceiverError) else None)
    kept.__cause__ = None
    return kept
