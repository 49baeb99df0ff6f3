"""Metrics: the instruments, and what is recorded with them.

All instruments are synchronous, so that the values of several clients add up. Clients of one meter provider share them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from opentelemetry import metrics

from . import conventions as names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.metrics import Meter, MeterProvider

    from pybayeux import Message

    from .event_counts import ChannelCounts

__all__ = ("Metrics",)

_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""Boundaries of the histograms' buckets, in seconds."""


class Metrics:
    """The instruments of one meter provider. They have nothing of a client.

    Args:
        meter: Creates the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        count, seconds = meter.create_counter, meter.create_histogram
        self._received: Final = count("bayeux.client.events.received", "{event}", "Events received")
        self._handled: Final = count("bayeux.client.events.handled", "{event}", "Events that receivers finished with")
        self._publishes: Final = count("bayeux.client.publishes", "{message}", "Publishes and calls that got a reply")
        self._failures: Final = count("bayeux.client.failures", "{failure}", "Failures reported by the client")
        self._sessions: Final = count("bayeux.client.sessions", "{session}", "Handshakes that succeeded")
        self._reconnects: Final = count("bayeux.client.reconnects", "{reconnect}", "Connections that came back")
        self._stalls: Final = count("bayeux.client.stalls", "{stall}", "Times that a channel with events fell silent")
        self._gaps: Final = count("bayeux.client.gaps", "{gap}", "Gaps: places where events may be missing")
        self._logins: Final = count("bayeux.client.logins", "{login}", "Logins that succeeded")
        self._states: Final = meter.create_up_down_counter(
            "bayeux.client.connection.state", "{client}", "Clients whose connection is in a state"
        )
        self._stored: Final = meter.create_gauge(
            "bayeux.client.position.stored", "1", "The replay id of the position last stored"
        )
        self._limit_left: Final = meter.create_gauge(
            "bayeux.client.limit.left", "1", "What is left of a limit of the server, for all its clients"
        )
        self._limit_max: Final = meter.create_gauge("bayeux.client.limit.max", "1", "A limit of the server")
        self._retry_wait: Final = meter.create_gauge(
            "bayeux.client.retry.wait", "s", "How long the client waits after the last failure, such as a quota"
        )
        self._waiting: Final = meter.create_up_down_counter(
            "bayeux.client.events.waiting", "{event}", "Events received and not handled yet"
        )
        self._position: Final = meter.create_gauge(
            "bayeux.client.events.position", "1", "The replay id of the last event handled"
        )
        self._lag: Final = seconds(
            "bayeux.client.events.lag",
            "s",
            "From the creation of an event until it is handled",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._duration: Final = seconds(
            "bayeux.client.events.duration",
            "s",
            "From the arrival of an event until it is handled",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._connect: Final = seconds(
            "bayeux.client.connect.duration",
            "s",
            "From the start of a handshake until the session is connected",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )

    @classmethod
    def of(cls, provider: MeterProvider | None) -> Metrics:
        """Return those of a provider, made at the first call; None: of the global one."""
        key = metrics.get_meter_provider() if provider is None else provider
        if key not in _metrics:
            _metrics[key] = cls(metrics.get_meter(names.NAME, meter_provider=provider))
        return _metrics[key]

    def record_counts(self, collected: Iterable[ChannelCounts]) -> None:
        """Record the counts of each channel."""
        for counts in collected:
            attributes = counts.attributes
            if counts.received:
                self._received.add(counts.received, attributes)
            # Also when the change is 0: events that were handled at once still show that the channel's queue is empty.
            if counts.received or counts.waiting_change:
                self._waiting.add(counts.waiting_change, attributes)
            if counts.handled:
                self._handled.add(counts.handled, attributes)
            if counts.position is not None:
                self._position.set(counts.position, attributes)

    def record_handled(
        self, attributes: Mapping[str, str], received_at: float, created_at: float | None, now: float
    ) -> None:
        """Record how long an event took. Times are seconds since the epoch; a negative duration counts as 0."""
        self._duration.record(max(0.0, now - received_at), attributes)
        if created_at is not None:
            # The server's clock may be ahead of this machine's.
            self._lag.record(max(0.0, now - created_at), attributes)

    def record_reply(self, reply: Message, attributes: Mapping[str, str]) -> None:
        """Record that a publish or a call got its reply."""
        if reply.successful is False:
            attributes = {**attributes, names.ERROR_TYPE: names.error_type_of(reply.parse_error())}
        self._publishes.add(1, attributes)

    def record_failure(self, error: BaseException) -> None:
        """Record a failure that the client reported."""
        self._failures.add(1, {names.ERROR_TYPE: type(error).__name__})

    def record_gap(self, reason: str, attributes: Mapping[str, str]) -> None:
        """Record a gap."""
        self._gaps.add(1, {**attributes, names.GAP_REASON: reason})

    def record_login(self) -> None:
        """Record a successful login."""
        self._logins.add(1)

    def record_state(self, old: str | None, new: str | None) -> None:
        """Record that the connection is in another state; None for a client that is not there."""
        for state, change in ((old, -1), (new, 1)):
            if state is not None:
                self._states.add(change, {names.CONNECTION_STATE: state})

    def record_stored(self, position: int, attributes: Mapping[str, str]) -> None:
        """Record a stored position."""
        self._stored.set(position, attributes)

    def record_limit(self, server: str, name: str, most: int, left: int) -> None:
        """Record a limit of the server, and what is left of it."""
        attributes = {names.SERVER: server, names.LIMIT_NAME: name}
        self._limit_max.set(most, attributes)
        self._limit_left.set(left, attributes)

    def record_wait(self, error_type: str, seconds: float) -> None:
        """Record that the client waits after a failure, or with 0 that it does not any more."""
        self._retry_wait.set(seconds, {names.ERROR_TYPE: error_type})

    def record_session(self) -> None:
        """Record a successful handshake."""
        self._sessions.add(1)

    def record_reconnect(self) -> None:
        """Record that a lost connection was restored."""
        self._reconnects.add(1)

    def record_stall(self, attributes: Mapping[str, str]) -> None:
        """Record that a subscription has stalled."""
        self._stalls.add(1, attributes)

    def record_connected(self, seconds: float, connection_type: str | None) -> None:
        """Record that a session connected, so many seconds after its handshake started."""
        self._connect.record(max(0.0, seconds), {names.CONNECTION_TYPE: connection_type or "unknown"})


_metrics: Final[WeakKeyDictionary[MeterProvider, Metrics]] = WeakKeyDictionary()
