"""Counts of events by channel: received, handled and waiting. No telemetry and no clock in here.

Counts are collected now and then, so that a batch of a thousand events costs one report.

An event leaves the client in many ways: it is handled, discarded by a policy, or dropped by another extension. There is
no hook for all of them. So each message holds a `PendingEvent`, which is counted as gone when the message is garbage
collected. Nothing is kept for a message that no longer exists.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from .conventions import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("ChannelCounts", "EventCounter", "PendingEvent")


class ChannelCounts:
    """The counts of one channel since they were last collected.

    Attributes:
        attributes: The attributes of the metrics that report them.
        has_position: Whether they belong to a single channel; the position of several has no meaning.
        received: Events received.
        handled: Events handled.
        waiting_change: How many more events wait than at the last collection; negative if fewer.
        position: The replay id of the last event handled, or None.
        waiting: How many events waited at the last collection.
        is_listed: Whether they are listed for the next collection.
        is_closed: Whether waiting events are no longer counted.
    """

    __slots__ = (
        "attributes",
        "handled",
        "has_position",
        "is_closed",
        "is_listed",
        "position",
        "received",
        "waiting",
        "waiting_change",
    )

    def __init__(self, attributes: Mapping[str, str], *, has_position: bool) -> None:
        self.attributes: Final = attributes
        self.has_position: Final = has_position
        self.received = self.handled = self.waiting_change = self.waiting = 0
        self.position: int | None = None
        self.is_listed = False
        self.is_closed = False


class PendingEvent:
    """An event that was received and is not handled yet. It is stored on its message.

    Attributes:
        counts: The counts it belongs to; None once it is handled.
        received_at: When it was received, in seconds since the epoch.
        created_at: When it was created, in seconds since the epoch, or None if it does not say.
        position: Its replay id, or None.
    """

    __slots__ = ("_gone", "counts", "created_at", "position", "received_at")

    def __init__(
        self,
        counts: ChannelCounts,
        gone: deque[ChannelCounts],
        received_at: float,
        created_at: float | None,
        position: int | None,
    ) -> None:
        self.counts: ChannelCounts | None = counts
        self.received_at = received_at
        self.created_at = created_at
        self.position = position
        self._gone = gone

    def __del__(self) -> None:
        # Runs in any thread, at any moment: an append to a deque is atomic, anything more would need a lock.
        if self.counts is not None:
            self._gone.append(self.counts)


class EventCounter:
    """Counts the events of one client.

    Args:
        max_channels: How many channels are counted separately; 0 counts all of them together.
        attribute: The name of the attribute that holds the channel.
    """

    def __init__(self, max_channels: int, attribute: str) -> None:
        self._max_channels: Final = max_channels
        self._attribute: Final = attribute
        self._by_channel: dict[str, ChannelCounts] = {}
        self._others: ChannelCounts | None = None
        self._listed: list[ChannelCounts] = []
        self._gone: deque[ChannelCounts] = deque()

    def counts_of(self, channel: str) -> ChannelCounts:
        """Return the counts of a channel; beyond the limit, the ones that all further channels share."""
        counts = self._by_channel.get(channel)
        if counts is not None:
            return counts
        if len(self._by_channel) < self._max_channels:
            name = str(channel)  # a `Channel`, which exporters may not accept as an attribute
            counts = self._by_channel[name] = ChannelCounts({self._attribute: name}, has_position=True)
            return counts
        if self._others is None:
            attributes = {self._attribute: OTHER} if self._max_channels else {}
            self._others = ChannelCounts(attributes, has_position=False)
        return self._others

    def received(self, channel: str, time: float, created_at: float | None, position: int | None) -> PendingEvent:
        """Count an event as received and waiting.

        Args:
            channel: Its channel.
            time: The present time, in seconds since the epoch.
            created_at: When it was created, in seconds since the epoch, or None.
            position: Its replay id, or None.
        """
        counts = self.counts_of(channel)
        counts.received += 1
        counts.waiting_change += 1
        self._list(counts)
        return PendingEvent(counts, self._gone, time, created_at, position)

    def handled(self, event: PendingEvent) -> ChannelCounts | None:
        """Count an event as handled. Returns its counts; None if it was counted before."""
        counts, event.counts = event.counts, None
        if counts is None:
            return None
        counts.handled += 1
        counts.waiting_change -= 1
        if event.position is not None and counts.has_position:
            counts.position = event.position
        self._list(counts)
        return counts

    def _list(self, counts: ChannelCounts) -> None:
        if not counts.is_listed:
            counts.is_listed = True
            self._listed.append(counts)

    def collect(self) -> Iterator[ChannelCounts]:
        """Yield the counts that changed; each starts again from zero when the next one is requested."""
        while self._gone:
            counts = self._gone.popleft()
            counts.waiting_change -= 1
            self._list(counts)
        listed, self._listed = self._listed, []
        for counts in listed:
            if counts.is_closed:
                counts.waiting_change = 0
            counts.waiting += counts.waiting_change
            yield counts
            counts.received = counts.handled = counts.waiting_change = 0
            counts.position = None
            counts.is_listed = False

    def close(self) -> Iterator[ChannelCounts]:
        """Collect for the last time, then report that no event waits any more.

        Events that are handled after this change no count of waiting events.
        """
        yield from self.collect()
        others = [] if self._others is None else [self._others]
        for counts in [*self._by_channel.values(), *others]:
            counts.waiting_change, counts.waiting, counts.is_closed = -counts.waiting, 0, True
            if counts.waiting_change:
                yield counts
                counts.waiting_change = 0
        self._by_channel.clear()
        self._others = None
