"""Helper: the extension with exporters that keep spans and metrics in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pybayeux_opentelemetry import OpenTelemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from pybayeux import AsyncClient

__all__ = ("CLIENT", "ManualClock", "RecordedTelemetry")


class _Client:
    url = "https://example.com/cometd"
    connection_type = "long-polling"


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


def _key(point: Any) -> Any:
    values = tuple(point.attributes.values())
    return values[0] if len(values) == 1 else values


def _value(point: Any) -> Any:
    return (point.count, point.sum) if hasattr(point, "count") else point.value
