"""From the session's events to the receivers, and back when they are handled.

Owns the count of what waits (for back-pressure), the count of receivers that an event still has, and the channels on
which a receiver failed. `delivered` is told of an event when its last receiver has finished with it, in order of
arrival within each channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from ..channel import Channel, routing_patterns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from ..message import Message
    from ..subscription import Subscription

__all__ = ("Delivery", "Receiver", "Router")

_CACHED_ROUTES: Final = 10_000


class Delivery:
    """The courier between the connection and the subscriptions.

    Args:
        limit: How many events may wait in all before the next connect is held back.
        listened: Tells whether anybody wants to know what is delivered; asked once for each batch.
        delivered: Called with each event that every receiver has finished with.
        room: Called with whether there is room for more events, each time that changes.
        leave: Called with a subscription that its receiver ends.
        aside: Called with what is to be awaited where nobody can wait.
        transaction: Gives the transaction in which an event may be handled, or None.
    """

    def __init__(
        self,
        *,
        limit: int,
        listened: Callable[[], bool],
        delivered: Callable[[Message], Awaitable[None] | None],
        room: Callable[[bool], None],
        leave: Callable[[Subscription], Awaitable[None]],
        aside: Callable[[Awaitable[None]], None],
        transaction: Callable[[Message], AbstractAsyncContextManager[Any] | None] = lambda message: None,
    ) -> None:
        self.router: Final = Router(self._join)
        self.waiting = 0
        self.full = False
        self.indifferent = False
        self.transaction: Final = transaction
        self._limit: Final = limit
        self._low_water = limit
        self._listened: Final = listened
        self._delivered: Final = delivered
        self._room: Final = room
        self._leave: Final = leave
        self._aside: Final = aside
        self._dropped: int | None = None
        self._latest: Sequence[Message] = ()
        self._shares: dict[int, _Share] = {}
        self._stuck: set[str] = set()

    def dispatch(self, events: Sequence[Message]) -> None:
        """Put a batch of events into the queues of their receivers."""
        if self.waiting:
            for event in self._latest:
                event.detach()  # it outlives its batch
        self._latest = events
        self.indifferent = not self._listened()
        routes, find = self.router.routes, self.router.find
        for event in events:
            receiver = routes.get(event.channel) or find(event.channel)
            receiver.put(event)
            if receiver.idle:
                receiver.wake()
        self.waiting += len(events)
        if self.waiting >= self._limit:
            if self._dropped is not None:
                self._drop_oldest()
            if not self.full:
                self.full = True
                self._room(False)

    def make_room(self) -> None:
        """There is room only once half of the queue is free: to have events sent again is worth it for many alone."""
        self._low_water = max(1, self._limit // 2)

    def start_dropping(self) -> None:
        """Of more events than there is room for, drop those that wait longest, where most wait."""
        self._dropped = 0
        self._drop_oldest()

    def stop_dropping(self) -> int:
        """Drop no more; gives how many were dropped."""
        dropped, self._dropped = self._dropped or 0, None
        return dropped

    def _drop_oldest(self) -> None:
        while (surplus := self.waiting - self._limit) > 0:
            fullest = max(self.router, key=lambda subscription: subscription.pending)
            dropped = fullest.drop(surplus)
            if not dropped:
                break
            self._dropped = (self._dropped or 0) + dropped

    def _join(self, subscriptions: tuple[Subscription, ...]) -> Receiver:
        return _Several(self, subscriptions)

    def share(self, event: Message, receivers: int) -> None:
        """An event has several receivers, or none."""
        self.waiting += receivers - 1
        if receivers and not self.indifferent:
            self._shares[id(event)] = _Share(event, receivers)

    def started(self, channel: str) -> None:
        """The server starts a subscription: what failed before comes again from the position kept."""
        if self._stuck:
            pattern = Channel(channel)
            self._stuck = {name for name in self._stuck if not pattern.match(name)}

    # -- what subscriptions tell

    def taken(self) -> None:
        """An event left a queue while there was no room."""
        if self.full and self.waiting < self._low_water:
            self.full, self._low_water = False, self._limit
            self._room(True)

    def handled(self, message: Message) -> Awaitable[None] | None:
        """A receiver has finished with this event."""
        if self._shares and not self._is_last(message, handled=True):
            return None
        if self._stuck and message.channel in self._stuck:
            return None
        return self._delivered(message)

    def left(self, messages: Sequence[Message]) -> None:
        """A receiver went away without handling these; others may have."""
        for message in messages:
            if id(message) not in self._shares or not self._is_last(message, handled=False):
                continue
            if message.channel in self._stuck:
                continue
            if (later := self._delivered(message)) is not None:
                self._aside(later)

    def broke(self, message: Message) -> None:
        """A receiver failed: no later event of the channel may pass for handled, or a restart would skip this one."""
        self._stuck.add(message.channel)

    async def unsubscribe(self, subscription: Subscription) -> None:
        """The user ends a subscription."""
        await self._leave(subscription)

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


class _Several:
    """The receiver of a channel that several subscriptions cover, or none: then the event is dropped, unhandled."""

    def __init__(self, delivery: Delivery, subscriptions: tuple[Subscription, ...]) -> None:
        self._delivery = delivery
        self._subscriptions = subscriptions
        self.idle = False

    def put(self, event: Message) -> None:
        self._delivery.share(event, len(self._subscriptions))
        for subscription in self._subscriptions:
            subscription.put(event)
            if subscription.idle:
                subscription.wake()

    def wake(self) -> None:
        """Nothing waits here: each subscription was woken by itself."""


class _Share:
    """An event that several receivers have; keeping it here keeps its identity from being used again."""

    __slots__ = ("event", "handled", "left")

    def __init__(self, event: Message, left: int) -> None:
        self.event = event
        self.left = left
        self.handled = False


class Receiver(Protocol):
    """Where the events of one concrete channel go."""

    idle: bool

    @property
    def put(self) -> Callable[[Message], None]:
        """Takes one event."""

    def wake(self) -> None:
        """Told after an event was put where `idle` is true."""


class Router:
    """From a concrete channel to its receiver, found once and kept until the subscriptions change.

    Args:
        join: Makes one receiver of several subscriptions, or of none.
    """

    def __init__(self, join: Callable[[tuple[Subscription, ...]], Receiver]) -> None:
        self._join: Final = join
        self._by_channel: dict[str, list[Subscription]] = {}
        self.routes: Final[dict[str, Receiver]] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter([subscription for group in self._by_channel.values() for subscription in group])

    def add(self, subscription: Subscription) -> bool:
        """Let a subscription receive; True where it is the first of its channel."""
        self.routes.clear()
        group = self._by_channel.setdefault(subscription.channel, [])
        group.append(subscription)
        return len(group) == 1

    def remove(self, subscription: Subscription) -> bool:
        """Let it no longer receive; True where it was the last of its channel."""
        self.routes.clear()
        group = self._by_channel.get(subscription.channel, [])
        if subscription not in group:
            return False
        group.remove(subscription)
        if not group:
            del self._by_channel[subscription.channel]
        return not group

    def of(self, channel: str) -> list[Subscription]:
        """The subscriptions made for exactly this channel or pattern."""
        return list(self._by_channel.get(channel, ()))

    def covering(self, channel: str) -> tuple[Subscription, ...]:
        """The subscriptions that receive what comes on a concrete channel, the most specific first."""
        return tuple(each for name in routing_patterns(channel) for each in self._by_channel.get(name, ()))

    def find(self, channel: str) -> Receiver:
        """The receiver of a concrete channel; `routes` has it from now on."""
        covering = self.covering(channel)
        receiver = covering[0] if len(covering) == 1 else self._join(covering)
        if len(self.routes) >= _CACHED_ROUTES:
            self.routes.clear()
        self.routes[channel] = receiver
        return receiver
