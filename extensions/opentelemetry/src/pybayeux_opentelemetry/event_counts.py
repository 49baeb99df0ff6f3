"""Counts of events by channel: received, handled and waiting. No telemetry and no clock in here.

Counts are collected now and then, so that a batch of a thousand events costs one report.

An event leaves the client in many ways: it is handled, discarded by a policy, or dropped by another extension. There is
no hook for all of them. So each message holds a `PendingEvent`, which is counted as gone when the message is garbage
collected. Nothing is kept for a message that no longer exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .conventions import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pybayeux import Message

__all__ = ("ChannelCounts", "EventCounter", "PendingEvent")


class ChannelCounts:
    """The counts of one channel since they were last collected, and what happened in this turn of the event loop.

    Attributes:
        attributes: The attributes of the metrics that report them.
        has_position: Whether they belong to a single channel; the position of several has no meaning.
        gone: Where counts are noted whose events are gone unhandled, once for each event.
        received: Events received.
        handled: Events handled.
        waiting_change: How many more events wait than at the last collection; negative if fewer.
        position: The replay id of the last event handled, or None.
        waiting: How many events waited at the last collection.
        is_changed: Whether they are noted for the next collection.
        is_closed: Whether waiting events are no longer counted.
        is_active: Whether an event was received or handled in this turn.
        first: The first event that was handled in this turn, or None.
        first_received_at: When that one was received, in seconds since the epoch.
        last: The last event that was handled in this turn, or None.
    """

    __slots__ = (
        "attributes",
        "first",
        "first_received_at",
        "gone",
        "handled",
        "has_position",
        "is_active",
        "is_changed",
        "is_closed",
        "last",
        "position",
        "received",
        "waiting",
        "waiting_change",
    )

    def __init__(self, attributes: Mapping[str, str], gone: list[ChannelCounts], *, has_position: bool) -> None:
        self.attributes: Final = attributes
        self.has_position: Final = has_position
        self.gone: Final = gone
        self.received: int = 0
        self.handled: int = 0
        self.waiting_change: int = 0
        self.waiting: int = 0
        self.position: int | None = None
        self.is_changed: bool = False
        self.is_closed: bool = False
        self.is_active: bool = False
        self.first: Message | None = None
        self.first_received_at: float = 0.0
        self.last: Message | None = None


class PendingEvent:
    """An event that was received and is not handled yet. It is stored on its message.

    Attributes:
        counts: The counts it belongs to; None once it is handled.
        received_at: When it was received, in seconds since the epoch.
    """

    __slots__ = ("counts", "received_at")

    def __init__(self, counts: ChannelCounts, received_at: float) -> None:
        self.counts: ChannelCounts | None = counts
        self.received_at: float = received_at

    def __del__(self) -> None:
        # Runs in any thread, at any moment: an append to a list is atomic, anything more would need a lock.
        if self.counts is not None:
            self.counts.gone.append(self.counts)


class EventCounter:
    """Counts the events of one client.

    Args:
        max_channels: How many channels are counted separately; 0 counts all of them together.
        attribute: The name of the attribute that holds the channel.

    Attributes:
        by_channel: The counts of the channels that are counted separately.
    """

    def __init__(self, max_channels: int, attribute: str) -> None:
        self.by_channel: Final[dict[str, ChannelCounts]] = {}
        self._max_channels: Final = max_channels
        self._attribute: Final = attribute
        self._others: ChannelCounts | None = None
        self._changed: list[ChannelCounts] = []
        self._gone: Final[list[ChannelCounts]] = []

    def counts_of(self, channel: str) -> ChannelCounts:
        """Return the counts of a channel; beyond the limit, the ones that all further channels share."""
        counts = self.by_channel.get(channel)
        if counts is not None:
            return counts
        if len(self.by_channel) < self._max_channels:
            name = str(channel)  # a `Channel`, which exporters may not accept as an attribute
            counts = self.by_channel[name] = ChannelCounts({self._attribute: name}, self._gone, has_position=True)
            return counts
        if self._others is None:
            attributes = {self._attribute: OTHER} if self._max_channels else {}
            self._others = ChannelCounts(attributes, self._gone, has_position=False)
        return self._others

    def changed(self, counts: ChannelCounts) -> None:
        """Note counts for the next collection."""
        if not counts.is_changed:
            counts.is_changed = True
            self._changed.append(counts)

    @property
    def has_changes(self) -> bool:
        """Whether there is something to collect."""
        return bool(self._changed or self._gone)

    def collect(self) -> Iterator[ChannelCounts]:
        """Yield the counts that changed; each starts again from zero when the next one is requested."""
        gone: dict[ChannelCounts, int] = {}
        while self._gone:
            counts = self._gone.pop()
            gone[counts] = gone.get(counts, 0) + 1
            self.changed(counts)
        changed, self._changed = self._changed, []
        for counts in changed:
            change = counts.received - counts.handled - gone.get(counts, 0)
            counts.waiting_change = 0 if counts.is_closed else change
            counts.waiting += counts.waiting_change
            yield counts
            counts.received = counts.handled = counts.waiting_change = 0
            counts.position = None
            counts.is_changed = False

    def close(self) -> Iterator[ChannelCounts]:
        """Collect for the last time, then report that no event waits any more.

        Events that are handled after this change no count of waiting events.
        """
        yield from self.collect()
        for counts in self._all():
            counts.waiting_change, counts.waiting, counts.is_closed = -counts.waiting, 0, True
            if counts.waiting_change:
                yield counts
                counts.waiting_change = 0
        self.by_channel.clear()
        self._others = None

    def _all(self) -> Iterable[ChannelCounts]:
        return [*self.by_channel.values(), *([] if self._others is None else [self._others])]
