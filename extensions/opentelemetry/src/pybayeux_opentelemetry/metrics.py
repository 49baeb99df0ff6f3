"""The instruments, and what is recorded with them. All of them are synchronous: those of several clients add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import conventions as names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import Meter

    from pybayeux import Message

    from .tally import Tally

__all__ = ("Metrics",)

_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class Metrics:
    """What one client reports.

    Args:
        meter: Makes the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        count, seconds = meter.create_counter, meter.create_histogram
        self._received: Final = count("bayeux.client.events.received", "{event}", "Events received")
        self._handled: Final = count("bayeux.client.events.handled", "{event}", "Events that receivers finished with")
        self._publishes: Final = count("bayeux.client.publishes", "{message}", "Publishes and calls that got a reply")
        self._failures: Final = count("bayeux.client.failures", "{failure}", "What went wrong and was lived through")
        self._sessions: Final = count("bayeux.client.sessions", "{session}", "Handshakes that succeeded")
        self._reconnects: Final = count("bayeux.client.reconnects", "{reconnect}", "Connections that came back")
        self._waiting: Final = meter.create_up_down_counter(
            "bayeux.client.events.waiting", "{event}", "Events received and not handled yet"
        )
        self._position: Final = meter.create_gauge(
            "bayeux.client.events.position", "1", "The replay id of the last event handled"
        )
        self._lag: Final = seconds(
            "bayeux.client.events.lag",
            "s",
            "From the making of an event to its being handled",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._duration: Final = seconds(
            "bayeux.client.events.duration",
            "s",
            "From the arrival of an event to its being handled",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._connect: Final = seconds(
            "bayeux.client.connect.duration",
            "s",
            "From the beginning of a handshake to being connected",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def counted(self, tallies: Iterable[Tally]) -> None:
        """Report what was counted by channel."""
        for tally in tallies:
            attributes = tally.attributes
            if tally.received:
                self._received.add(tally.received, attributes)
            if tally.received or tally.change:  # where all are handled at once, nothing waits: that is worth telling
                self._waiting.add(tally.change, attributes)
            if tally.handled:
                self._handled.add(tally.handled, attributes)
            if tally.position is not None:
                self._position.set(tally.position, attributes)

    def handled(self, tally: Tally, arrived: float, created: float | None, now: float) -> None:
        """An event is handled. Clocks may disagree: less than nothing is nothing."""
        self._duration.record(max(0.0, now - arrived), tally.attributes)
        if created is not None:
            self._lag.record(max(0.0, now - created), tally.attributes)

    def answered(self, reply: Message, tally: Tally) -> None:
        """A publish or a call was answered."""
        attributes = dict(tally.attributes)
        if reply.successful is False:
            error = reply.parse_error()
            attributes[names.ERROR_TYPE] = "_OTHER" if error is None or error.code is None else str(error.code)
        self._publishes.add(1, attributes)

    def failed(self, error: BaseException) -> None:
        """The client lives through an error."""
        self._failures.add(1, {names.ERROR_TYPE: type(error).__name__})

    def session_begun(self) -> None:
        """The server gave a client id."""
        self._sessions.add(1)

    def reconnected(self) -> None:
        """A connection that was lost is back."""
        self._reconnects.add(1)

    def connected(self, seconds: float, connection_type: str | None) -> None:
        """A session is connected, so long after its handshake began."""
        self._connect.record(max(0.0, seconds), {names.CONNECTION_TYPE: connection_type or "unknown"})
