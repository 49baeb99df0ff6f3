"""The routes: from a concrete channel to the receiver of its events.

Owns the subscriptions' queues by the channel or pattern that they were made for, and the channels whose events are
diverted for a while. Knows nothing of events: `Dispatcher` puts them into what it finds here.

A queue that was removed may have events in hand, which its receiver may finish. It is known as long as it has a
receiver: a loop that was left with ``break`` may never finish its event, and says nothing when it is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakSet

from ..channel import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..message import Message
    from .event_queue import EventQueue

__all__ = ("Receiver", "Router")

_CACHED_ROUTES: Final = 10_000
_LONGEST_CHANNEL: Final = 1000


class Receiver(Protocol):
    """Where the events of one concrete channel go."""

    idle: bool

    @property
    def put(self) -> Callable[[Message], None]:
        """Takes one event."""

    def wake(self) -> None:
        """Called after an event was put where `idle` is true."""


class Router:
    """From a concrete channel to its receiver, found once and kept until the queues change.

    Args:
        join: Makes one receiver of several queues, or of none.
        ended: Called with a channel or pattern that has lost its last queue.
    """

    def __init__(self, join: Callable[[tuple[EventQueue, ...]], Receiver], ended: Callable[[str], None]) -> None:
        self._join: Final = join
        self._ended: Final = ended
        self._by_channel: dict[str, tuple[EventQueue, ...]] = {}
        self._removed: Final[WeakSet[EventQueue]] = WeakSet()
        self.routes: Final[dict[str, Receiver]] = {}
        self._diverted: Final[dict[str, Receiver]] = {}

    def __iter__(self) -> Iterator[EventQueue]:
        return iter([queue for group in self._by_channel.values() for queue in group])

    def add(self, queue: EventQueue) -> bool:
        """Let a queue receive; True where it is the first of its channel."""
        self.routes.clear()
        group = self._by_channel.get(queue.channel, ())
        self._by_channel[queue.channel] = (*group, queue)
        return not group

    def remove(self, queue: EventQueue) -> bool:
        """Let it no longer receive; True where it was the last of its channel."""
        self.routes.clear()
        group = self._by_channel.get(queue.channel, ())
        if queue not in group:
            return False
        if queue.in_hand:
            self._removed.add(queue)
        if left := tuple(each for each in group if each is not queue):
            self._by_channel[queue.channel] = left
            return False
        del self._by_channel[queue.channel]
        self._ended(queue.channel)
        return True

    def of(self, channel: str) -> tuple[EventQueue, ...]:
        """The queues of exactly this channel or pattern."""
        return self._by_channel.get(channel, ())

    def in_hand(self, channel: str) -> int:
        """How many events the receivers of exactly this channel or pattern have in hand, also of removed queues."""
        removed = [queue for queue in self._removed if queue.channel == channel]
        return sum(len(queue.in_hand) for queue in (*self.of(channel), *removed))

    def covering(self, channel: str) -> tuple[EventQueue, ...]:
        """The queues that receive what comes on a concrete channel, the most specific first."""
        return tuple(queue for name in Channel(channel).covering_patterns() for queue in self._by_channel.get(name, ()))

    def find(self, channel: str) -> Receiver:
        """The receiver of a concrete channel; `routes` has it from now on, unless the name is very long."""
        receiver = self._diverted.get(channel) or self.receiver(channel)
        if len(self.routes) >= _CACHED_ROUTES:
            self.routes.clear()
        if len(channel) <= _LONGEST_CHANNEL:
            self.routes[channel] = receiver
        return receiver

    def receiver(self, channel: str) -> Receiver:
        """The receiver of a concrete channel, also where its events are diverted."""
        covering = self.covering(channel)
        return covering[0] if len(covering) == 1 else self._join(covering)

    def divert(self, channel: str, receiver: Receiver | None) -> None:
        """Let what comes on a channel go to this receiver from now on; None: to its subscriptions again."""
        self.routes.pop(channel, None)
        if receiver is None:
            self._diverted.pop(channel, None)
        else:
            self._diverted[channel] = receiver
