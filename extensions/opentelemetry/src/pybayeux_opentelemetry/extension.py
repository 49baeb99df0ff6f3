"""The hooks of the OpenTelemetry extension: which span and which metric belongs to which hook.

Spans and metrics show what the program sees: `outgoing` runs before all other extensions, `incoming` after them.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from opentelemetry import metrics, trace

from pybayeux import ConnectionState, hookimpl

from . import conventions as names
from .event_counts import EventCounter, PendingEvent
from .event_metadata import read_metadata
from .metrics import Metrics
from .propagation import ExtPropagator
from .providers import Provider
from .spans import Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.context import Context

    from pybayeux import BayeuxError, HookClient, Message

__all__ = ("OpenTelemetry",)

_S = ConnectionState
_HANDSHAKING: Final = frozenset({_S.HANDSHAKING, _S.REHANDSHAKING})
_LOST: Final = frozenset({_S.REHANDSHAKING, _S.UNCONNECTED})
_PENDING: Final = "pybayeux_opentelemetry"
"""The attribute of a message that holds its `PendingEvent`, which so lives as long as the message."""


class OpenTelemetry:
    """Spans of publishes, calls and events; metrics of events, of their age and queue, and of the connection.

    One instance belongs to one client. Without a provider, given here or set globally, nothing is recorded.

    Args:
        tracer_provider: Creates the spans. Default: the global one.
        meter_provider: Creates the instruments. Default: the global one.
        propagate: Whether a publish carries the context of its span in `ext`.
        member: The member of `ext` that holds the context. None: ``traceparent`` and ``tracestate`` are members of
            `ext` itself.
        channels_as_attributes: Whether metrics have the channel as an attribute.
        max_channels: How many channels metrics distinguish; all further ones are reported as ``_OTHER``.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        ValueError: `max_channels` is less than 1.
    """

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        propagate: bool = False,
        member: str | None = None,
        channels_as_attributes: bool = True,
        max_channels: int = 100,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if max_channels < 1:
            raise ValueError(f"max_channels: expected at least 1; got {max_channels}")
        self._tracing: Final = Provider(tracer_provider, trace.get_tracer_provider)
        self._metering: Final = Provider(meter_provider, metrics.get_meter_provider)
        self._propagator: Final = ExtPropagator(member)
        self._spans: Final = Spans(
            trace.get_tracer(names.NAME, tracer_provider=tracer_provider), self._propagator, propagate=propagate
        )
        self._metrics: Final = Metrics(metrics.get_meter(names.NAME, meter_provider=meter_provider))
        limit = max_channels if channels_as_attributes else 0
        self._events: Final = EventCounter(limit, names.DESTINATION)
        self._publishes: Final = EventCounter(limit, names.DESTINATION)
        self._clock: Final = clock
        self._server = ""
        self._is_report_due = False
        self._handshake_started_at: float | None = None
        self._is_lost = False
        self._state: ConnectionState | None = None

    def context_of(self, event: Message) -> Context:
        """Return the trace context in an event, as the parent of spans of your own; an empty one if there is none."""
        return self._propagator.extract(event)

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Note the host of the server, and the state of the connection."""
        self._server = _host(client)
        self._enter(client.state)

    @hookimpl
    def unregistered(self) -> None:
        """End the open spans and report the last counts."""
        self._spans.close(self._clock())
        self._metrics.record_counts(self._events.close())
        self._metrics.record_no_wait()
        self._enter(None)
        self._handshake_started_at, self._is_lost, self._is_report_due = None, False, False

    # -- sent

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message) -> None:
        """Start the span of a publish or a call."""
        if not message.is_meta:
            self._spans.start(message, self._server, self._clock())

    # -- received

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Count an event as received; end the span of the request that a reply answers."""
        if message.successful is None and message.id is None and not self._records():
            return  # an event, the most frequent message: it costs nothing where nobody looks at it
        now = self._clock()
        if message.is_meta:
            self._spans.end_expired(now)
        elif message.id is not None and (request := self._spans.finish(message, now)) is not None:
            if not request.is_counted:
                self._metrics.record_reply(message, self._publishes.counts_of(message.channel).attributes)
        elif message.successful is None and message.channel:
            metadata = read_metadata(message)
            event = self._events.received(message.channel, now, metadata.created_at, metadata.position)
            message.__dict__[_PENDING] = event
        self._report_soon()

    @hookimpl
    def delivered(self, message: Message) -> None:
        """Count an event as handled, and record its span."""
        event = message.__dict__.get(_PENDING)
        if not isinstance(event, PendingEvent):
            return  # received before this extension was registered
        counts = self._events.handled(event)
        if counts is not None:
            now = self._clock()
            if self._metering.records():
                self._metrics.record_handled(counts.attributes, event.received_at, event.created_at, now)
            if self._tracing.records():
                self._spans.record_handled(message, self._server, event.received_at, now)
            self._report_soon()

    @hookimpl
    def unsubscribed(self) -> None:
        """Report soon: the events in the queue of the subscription are about to be discarded."""
        self._report_soon()

    def _records(self) -> bool:
        return self._metering.records() or self._tracing.records()

    def _report_soon(self) -> None:
        # One report for all that happens in this turn of the loop: a batch is reported once.
        if not self._is_report_due:
            self._is_report_due = True
            asyncio.get_running_loop().call_soon(self._report)

    def _report(self) -> None:
        self._is_report_due = False
        self._metrics.record_counts(self._events.collect())

    # -- the connection

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: HookClient) -> None:
        """Record states, sessions and reconnects."""
        self._enter(new)
        if new in _HANDSHAKING and old not in _HANDSHAKING:
            self._handshake_started_at = self._clock()
        if new is _S.HANDSHAKEN:
            self._metrics.record_session()
            self._server = _host(client)
        elif new is _S.CONNECTED:
            self._connected(client)
            self._metrics.record_no_wait()
            self._is_lost = False
        elif old is _S.CONNECTED and new in _LOST:
            self._is_lost = True

    def _connected(self, client: HookClient) -> None:
        if self._is_lost:
            self._metrics.record_reconnect()
        if self._handshake_started_at is not None:
            self._metrics.record_connected(self._clock() - self._handshake_started_at, client.connection_type)
            self._handshake_started_at = None

    @hookimpl(optionalhook=True)
    def stalled(self, stall: Any) -> None:
        """Count a `Stall` that pybayeux-replay reports, when it begins."""
        if not stall.is_over:
            self._metrics.record_stall(self._events.counts_of(stall.subscription).attributes)

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Count failures, and note how long the client waits after them."""
        self._metrics.record_failure(error)
        if wait := getattr(error, "retry_after", None):
            self._metrics.record_wait(error, wait)

    def _enter(self, state: ConnectionState | None) -> None:
        before, self._state = self._state, state
        if before is not state:
            self._metrics.record_state(*(None if each is None else each.value for each in (before, state)))

    # -- of other extensions

    @hookimpl(optionalhook=True)
    def gap(self, gap: Any) -> None:
        """Count gaps (pybayeux-replay)."""
        self._metrics.record_gap(str(gap.reason), self._publishes.counts_of(gap.subscription).attributes)

    @hookimpl(optionalhook=True)
    def positions_stored(self, positions: Mapping[str, Any]) -> None:
        """Record stored positions (pybayeux-replay)."""
        for subscription, position in positions.items():
            counts = self._publishes.counts_of(subscription)
            if counts.has_position:
                self._metrics.record_stored(position.replay_id, counts.attributes)

    @hookimpl(optionalhook=True)
    def authenticated(self) -> None:
        """Count logins (pybayeux-auth)."""
        self._metrics.record_login()


def _host(client: HookClient) -> str:
    return urlsplit(client.url).hostname or ""
