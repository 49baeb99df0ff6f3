"""The hooks of the OpenTelemetry extension: which span and which metric belongs to which hook.

Spans and metrics show what the program sees: `outgoing` runs before all other extensions, `incoming` after them.

The hooks that every event passes are in `message_hooks.py`. They are hooks of this extension if a provider is there
when this one is made. If a global one is set later, the next request finds it, and they are registered as an extension
of their own. Without a provider they are not called.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from opentelemetry import metrics, trace

from pybayeux import ConnectionState, hookimpl

from . import conventions as names
from .event_counts import EventCounter
from .lag_gauge import LagGauge
from .message_hooks import MessageHooks
from .metrics import Metrics
from .propagation import ExtPropagator
from .providers import records
from .spans import Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opentelemetry.context import Context

    from pybayeux import BayeuxError, HookClient, Message

__all__ = ("OpenTelemetry",)

_S = ConnectionState
_HANDSHAKING: Final = frozenset({_S.HANDSHAKING, _S.REHANDSHAKING})
_LOST: Final = frozenset({_S.REHANDSHAKING, _S.UNCONNECTED})


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
        self._tracer_provider: Final = tracer_provider
        self._meter_provider: Final = meter_provider
        self._propagator: Final = ExtPropagator(member)
        self._spans: Final = Spans(
            trace.get_tracer(names.NAME, tracer_provider=tracer_provider), self._propagator, propagate=propagate
        )
        self._metrics: Final = Metrics.of(meter_provider)
        self._lag: Final = LagGauge.of(meter_provider)
        limit = max_channels if channels_as_attributes else 0
        self._events: Final = EventCounter(limit, names.DESTINATION)
        self._publishes: Final = EventCounter(limit, names.DESTINATION)
        self._messages: Final = MessageHooks(self._metrics, self._spans, self._events, self._publishes, clock)
        self._clock: Final = clock
        self._name = names.NAME
        self._added: str | None = None
        self._handshake_started_at: float | None = None
        self._waits_after: tuple[str, ...] = ()
        self._is_lost = False
        self._state: ConnectionState | None = None
        self._look_for_providers()
        self._is_hooked = self._records
        if self._is_hooked:
            self.incoming: Callable[[Message, Any], None] = self._messages.incoming
            self.delivered: Callable[[Message, Any], None] = self._messages.delivered
            self.unsubscribed: Callable[[], None] = self._messages.unsubscribed

    def context_of(self, event: Message) -> Context:
        """Return the trace context in an event, as the parent of spans of your own; an empty one if there is none."""
        return self._propagator.extract(event)

    @hookimpl
    def registered(self, name: str, client: HookClient) -> None:
        """Note the host of the server, and the state of the connection."""
        self._name = name
        self._messages.server = _host(client)
        self._enter(client.state)
        self._lag.add(client, lambda channel: self._publishes.counts_of(channel).attributes)
        self._hook_messages(client)

    @hookimpl
    def unregistered(self, client: HookClient) -> None:
        """End the open spans and report the last counts."""
        self._lag.remove(client)
        self._spans.close(self._clock())
        self._messages.close()
        self._record_no_wait()
        self._enter(None)
        self._handshake_started_at, self._is_lost = None, False
        if (added := self._added) is not None:
            self._added, self._is_hooked = None, False
            client.remove(added)

    # -- providers

    @property
    def _records(self) -> bool:
        return self._messages.records_metrics or self._messages.records_spans

    def _look_for_providers(self) -> None:
        """See which providers record something. A global one can be set at any time, but only once."""
        messages = self._messages
        if not messages.records_metrics:
            messages.records_metrics = records(self._meter_provider or metrics.get_meter_provider())
        if not messages.records_spans:
            messages.records_spans = records(self._tracer_provider or trace.get_tracer_provider())

    def _hook_messages(self, client: HookClient) -> None:
        """Have the hooks of messages called, if a global provider was set after this extension was made."""
        self._look_for_providers()
        if self._records and not self._is_hooked:
            self._is_hooked = True
            self._added = client.use(self._messages, f"{self._name}-messages").name

    # -- sent

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message, client: HookClient) -> None:
        """Start the span of a publish or a call; see whether there is a provider now."""
        self._hook_messages(client)
        if self._records and not message.is_meta:
            self._spans.start(message, self._messages.server, self._clock())

    # -- the connection

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: HookClient) -> None:
        """Record states, sessions and reconnects."""
        self._enter(new)
        if new in _HANDSHAKING and old not in _HANDSHAKING:
            self._handshake_started_at = self._clock()
        if new is _S.HANDSHAKEN:
            self._metrics.record_session()
            self._messages.server = _host(client)
        elif new is _S.CONNECTED:
            self._connected(client)
            self._record_no_wait()
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
            name = type(error).__name__
            self._waits_after = (*{*self._waits_after, name},)
            self._metrics.record_wait(name, wait)

    def _record_no_wait(self) -> None:
        for name in self._waits_after:
            self._metrics.record_wait(name, 0)
        self._waits_after = ()

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
    def limits_read(self, limits: Iterable[Any]) -> None:
        """Record limits of the org (pybayeux-salesforce)."""
        for limit in limits:
            self._metrics.record_limit(self._messages.server, limit.name, limit.most, limit.left)

    @hookimpl(optionalhook=True)
    def authenticated(self) -> None:
        """Count logins (pybayeux-auth)."""
        self._metrics.record_login()


def _host(client: HookClient) -> str:
    return urlsplit(client.url).hostname or ""
