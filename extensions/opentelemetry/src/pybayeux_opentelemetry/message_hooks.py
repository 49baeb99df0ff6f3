"""The hooks that every event passes: they count events, and measure how long each batch of them took.

These are the only ones of this package that cost something for each event. So they are registered only where a provider
records what they find, and what can be done for many events is: a time is read once in each turn of the event loop, the
histograms get one value for each channel and turn, and counts are recorded once a second.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pybayeux import hookimpl, read_stamp

from .event_counts import EventCounter, PendingEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message

    from .event_counts import ChannelCounts
    from .metrics import Metrics
    from .spans import Spans

__all__ = ("MessageHooks",)

_REPORT_INTERVAL: Final = 1.0
"""Seconds between two reports of counts. A report takes about 15 microseconds for each channel with events."""

_PENDING: Final = "pybayeux_opentelemetry"
"""The attribute of a message that holds its `PendingEvent`, which so lives as long as the message."""


class MessageHooks:
    """The spans and metrics of what one client receives.

    Args:
        metrics: The instruments.
        spans: Creates the spans.
        events: Counts events.
        publishes: Knows the attributes of the channels to which the program publishes.
        clock: Returns the present time, in seconds since the epoch.

    Attributes:
        records_metrics: Whether a provider records metrics.
        records_spans: Whether a provider records spans.
        server: The host of the server.
    """

    def __init__(
        self,
        metrics: Metrics,
        spans: Spans,
        events: EventCounter,
        publishes: EventCounter,
        clock: Callable[[], float],
    ) -> None:
        self.records_metrics = self.records_spans = False
        self.server = ""
        self._metrics: Final = metrics
        self._spans: Final = spans
        self._events: Final = events
        self._by_channel: Final = events.by_channel
        self._publishes: Final = publishes
        self._clock: Final = clock
        self._active: list[ChannelCounts] = []
        self._is_in_turn = False
        self._now = 0.0
        self._reported_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    # Both take the argument that they do not need: a function that leaves it out would be called by another one.

    @hookimpl(trylast=True)
    def incoming(self, message: Message, client: Any) -> None:
        """Count an event as received; end the span of the request that a reply answers."""
        counts = self._by_channel.get(message.channel)
        if counts is None or message.id is not None or message.successful is not None:
            if not self._is_event(message):
                return
            counts = self._events.counts_of(message.channel)
        if not counts.is_active:
            self._activate(counts)
        counts.received += 1
        message.__dict__[_PENDING] = PendingEvent(counts, self._now)

    def _is_event(self, message: Message) -> bool:
        if message.is_meta:
            self._begin_turn()  # events may have been discarded since the last report
            self._spans.end_expired(self._clock())
            return False
        if message.id is not None and (request := self._spans.finish(message, self._clock())) is not None:
            if not request.is_counted:
                self._metrics.record_reply(message, self._publishes.counts_of(message.channel).attributes)
            return False
        return message.successful is None and bool(message.channel)

    @hookimpl
    def delivered(self, message: Message, client: Any) -> None:
        """Count an event as handled, and record its span."""
        event: PendingEvent | None = message.__dict__.get(_PENDING)
        if event is None or (counts := event.counts) is None:
            return  # received before this extension was registered, or counted already
        event.counts = None
        if not counts.is_active:
            self._activate(counts)
        if counts.first is None:
            counts.first, counts.first_received_at = message, event.received_at
        counts.last = message
        counts.handled += 1
        if self.records_spans:
            self._spans.record_handled(message, self.server, event.received_at, self._clock())

    @hookimpl
    def unsubscribed(self) -> None:
        """The events in the queue of the subscription are about to be discarded: see afterwards how many wait."""
        self._begin_turn()

    # -- a turn of the event loop

    def _begin_turn(self) -> None:
        if not self._is_in_turn:
            self._is_in_turn, self._now = True, self._clock()
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _activate(self, counts: ChannelCounts) -> None:
        self._begin_turn()
        counts.is_active = True
        self._active.append(counts)

    def _end_turn(self) -> None:
        if not self._is_in_turn:
            return  # closed meanwhile
        self._record_turn()
        if not self._events.has_changes:
            return
        loop = asyncio.get_running_loop()
        wait = self._reported_at + _REPORT_INTERVAL - loop.time()
        if wait <= 0:
            self._report()
        elif self._timer is None:
            self._timer = loop.call_later(wait, self._report)

    def _record_turn(self) -> None:
        now, self._is_in_turn = self._clock(), False
        active, self._active = self._active, []
        for counts in active:
            counts.is_active = False
            self._events.changed(counts)
            first, last, counts.first, counts.last = counts.first, counts.last, None, None
            if first is None or last is None:
                continue
            stamp = read_stamp(first)
            self._metrics.record_handled(counts.attributes, counts.first_received_at, stamp.created_at, now)
            if counts.has_position:
                position = stamp.position if last is first else read_stamp(last).position
                counts.position = counts.position if position is None else position

    # -- reports of counts

    def _report(self) -> None:
        self._stop_timer()
        self._reported_at = asyncio.get_running_loop().time()
        self._metrics.record_counts(self._events.collect())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Record the last counts."""
        self._record_turn()
        self._stop_timer()
        self._reported_at = float("-inf")
        self._metrics.record_counts(self._events.close())
