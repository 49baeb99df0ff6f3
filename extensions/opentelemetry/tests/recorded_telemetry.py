"""Helper: the extension with exporters that keep spans and metrics in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pybayeux import ConnectionState, Message
from pybayeux_opentelemetry import OpenTelemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from pybayeux import AsyncClient

__all__ = ("CLIENT", "ManualClock", "RecordedTelemetry", "registered_telemetry")


class _Client:
    url = "https://example.com/cometd"
    connection_type = "long-polling"
    state = ConnectionState.DISCONNECTED


CLIENT: Final = cast("AsyncClient", _Client())
"""Has what the extension reads of a client."""


class ManualClock:
    """A clock that the test sets, in seconds since the epoch."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class RecordedTelemetry:
    """The extension with providers of its own, and what it recorded.

    Args:
        options: The options of the extension.
    """

    def __init__(self, **options: Any) -> None:
        self.clock: Final = options.pop("clock", ManualClock())
        self._spans: Final = InMemorySpanExporter()
        self._metrics: Final = InMemoryMetricReader()
        traces = TracerProvider()
        traces.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._metrics])
        self.extension: Final = OpenTelemetry(traces, meters, clock=self.clock, **options)
        self.tracer: Final = traces.get_tracer("test")

    def send(self, channel: str = "/orders", message_id: str = "1") -> Message:
        """Run the hook of a message that is sent."""
        message = Message(channel=channel, id=message_id, data={"n": 1}, client_id="secret")
        self.extension.outgoing(message, CLIENT)
        return message

    def receive(self, channel: str = "/orders", after: float = 0.5, **fields: Any) -> Message:
        """Run the hook of a message that is received, so many seconds later."""
        self.clock.now += after
        message = Message(channel=channel, **fields)
        self.extension.incoming(message, CLIENT)
        return message

    def handle(self, event: Message) -> None:
        """Run the hook of an event that is handled."""
        self.extension.delivered(event, CLIENT)

    def spans(self) -> list[ReadableSpan]:
        """Return the spans that ended, in order."""
        return list(self._spans.get_finished_spans())

    def span(self) -> ReadableSpan:
        """Return the only span that ended."""
        [span] = self.spans()
        return span

    def values(self, name: str) -> dict[Any, Any]:
        """Return the values of an instrument by its attributes' values: a number, or count and sum of a histogram."""
        return {_key(point): _value(point) for point in self._points(f"bayeux.client.{name}")}

    def _points(self, name: str) -> list[Any]:
        data = self._metrics.get_metrics_data()
        if data is None:
            return []
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        return [point for metric in found for point in metric.data.data_points]


def registered_telemetry(**options: Any) -> RecordedTelemetry:
    """Return an extension that is registered with a fake client.

    Args:
        options: The options of the extension.
    """
    telemetry = RecordedTelemetry(**options)
    telemetry.extension.registered("opentelemetry", CLIENT)
    return telemetry


def _key(point: Any) -> Any:
    values = tuple(point.attributes.values())
    return values[0] if len(values) == 1 else values


def _value(point: Any) -> Any:
    return (point.count, point.sum) if hasattr(point, "count") else point.value
