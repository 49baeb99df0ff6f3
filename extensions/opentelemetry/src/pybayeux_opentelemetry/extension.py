"""What the hooks see of a client, told to OpenTelemetry. Owns the order in which they are told; knows no server.

Everything is seen from the program's side: `outgoing` runs before all other extensions, `incoming` after them.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from opentelemetry import metrics, trace

from pybayeux import ConnectionState, hookimpl

from . import conventions as names
from .carriage import Carriage
from .metrics import Metrics
from .origin import origin_of
from .spans import Spans
from .tally import Arrival, Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context

    from pybayeux import BayeuxError, HookClient, Message

__all__ = ("OpenTelemetry",)

_S = ConnectionState
_BEGINNING: Final = frozenset({_S.HANDSHAKING, _S.REHANDSHAKING})
_LOST: Final = frozenset({_S.REHANDSHAKING, _S.UNCONNECTED})
_ARRIVAL: Final = "pybayeux_opentelemetry"
"""The attribute of a message that has its arrival: it goes when the message goes."""


class OpenTelemetry:
    """Spans for what is published, called and handled; metrics of events, of their age, and of the connection.

    One instance belongs to one client. Without a provider, given here or set in the program, nothing is told to nobody.

    Args:
        tracer_provider: Makes the spans; the program's own by default.
        meter_provider: Makes the instruments; the program's own by default.
        propagate: Whether what is published says in `ext` which span sent it.
        member: The member of `ext` that says so. None: ``traceparent`` and ``tracestate`` are members of `ext`.
        channels_as_attributes: Whether metrics tell channels apart.
        max_channels: How many channels they tell apart; all others are ``_OTHER``.
        clock: Tells the time, in seconds since the epoch.

    Raises:
        ValueError: `max_channels` is less than one.
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
            raise ValueError(f"max_channels is at least 1, not {max_channels}")
        self._carriage: Final = Carriage(member)
        self._spans: Final = Spans(
            trace.get_tracer(names.NAME, tracer_provider=tracer_provider), self._carriage, propagate=propagate
        )
        self._metrics: Final = Metrics(metrics.get_meter(names.NAME, meter_provider=meter_provider))
        limit = max_channels if channels_as_attributes else 0
        self._events: Final = Book(limit, names.DESTINATION)
        self._publishes: Final = Book(limit, names.DESTINATION)
        self._clock: Final = clock
        self._server = ""
        self._reporting = False
        self._began: float | None = None
        self._lost = False

    def context_of(self, event: Message) -> Context:
        """The context that an event came with, as the parent of spans of your own; an empty one where there is none."""
        return self._carriage.context(event)

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Know the server."""
        self._server = _host(client)

    @hookimpl
    def unregistered(self) -> None:
        """Tell what is left to tell."""
        self._spans.close(self._clock())
        self._metrics.counted(self._events.close())
        self._began, self._lost, self._reporting = None, False, False

    # -- what goes out

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message) -> None:
        """Begin the span of a publish or a call."""
        if not message.is_meta:
            self._spans.send(message, self._server, self._clock())

    # -- what comes in

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Note the arrival of an event; end the span that a reply belongs to."""
        now = self._clock()
        if message.is_meta:
            self._spans.tidy(now)
        elif message.id is not None and (sent := self._spans.answer(message, now)) is not None:
            if not sent.is_counted:
                self._metrics.answered(message, self._publishes.of(message.channel))
        elif message.successful is None and message.channel:
            created, position = origin_of(message)
            arrival = self._events.arrived(self._events.of(message.channel), now, created, position)
            message.__dict__[_ARRIVAL] = arrival
        self._report_soon()

    @hookimpl
    def delivered(self, message: Message) -> None:
        """Tell that an event is handled."""
        arrival = message.__dict__.get(_ARRIVAL)
        if not isinstance(arrival, Arrival):
            return  # it came before this extension did
        tally = self._events.handled(arrival)
        if tally is not None:
            now = self._clock()
            self._metrics.handled(tally, arrival.time, arrival.created, now)
            self._spans.handled(message, self._server, arrival.time, now)
            self._report_soon()

    @hookimpl
    def unsubscribed(self) -> None:
        """What waited for the receivers is about to go."""
        self._report_soon()

    def _report_soon(self) -> None:
        """Once for all that happens in this turn of the loop: a batch is one report."""
        if not self._reporting:
            self._reporting = True
            asyncio.get_running_loop().call_soon(self._report)

    def _report(self) -> None:
        self._reporting = False
        self._metrics.counted(self._events.collect())

    # -- the connection

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: HookClient) -> None:
        """Tell of sessions, and of connections that come back."""
        if new in _BEGINNING and old not in _BEGINNING:
            self._began = self._clock()
        if new is _S.HANDSHAKEN:
            self._metrics.session_begun()
            self._server = _host(client)
        elif new is _S.CONNECTED:
            self._connected(client)
            self._lost = False
        elif old is _S.CONNECTED and new in _LOST:
            self._lost = True

    def _connected(self, client: HookClient) -> None:
        if self._lost:
            self._metrics.reconnected()
        if self._began is not None:
            self._metrics.connected(self._clock() - self._began, client.connection_type)
            self._began = None

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Count what went wrong."""
        self._metrics.failed(error)


def _host(client: HookClient) -> str:
    return urlsplit(client.url).hostname or ""
