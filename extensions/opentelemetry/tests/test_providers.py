from __future__ import annotations

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from pybayeux_opentelemetry.providers import Providers


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize(
    ("tracers", "meters", "record"),
    [
        (None, None, False),
        (trace.NoOpTracerProvider(), metrics.NoOpMeterProvider(), False),
        (TracerProvider(shutdown_on_exit=False), None, True),
        (None, MeterProvider(shutdown_on_exit=False), True),
    ],
)
def test_a_provider_that_does_nothing_is_none(
    tracers: trace.TracerProvider | None, meters: metrics.MeterProvider | None, record: bool
) -> None:
    assert Providers(tracers, meters).record() is record


def test_global_provider_counts_a_moment_after_it_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    providers = Providers(None, None, clock)
    assert not providers.record()
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    assert not providers.record()
    clock.time = 0.11
    assert providers.record()


def test_once_there_is_a_provider_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    providers = Providers(TracerProvider(shutdown_on_exit=False), None, clock)
    assert providers.record()
    monkeypatch.delattr(trace, "get_tracer_provider")
    clock.time = 1.0
    assert providers.record()
