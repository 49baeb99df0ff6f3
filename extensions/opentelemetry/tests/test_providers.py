from __future__ import annotations

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from pybayeux_opentelemetry.providers import Provider


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize("given", [None, trace.NoOpTracerProvider()])
def test_a_provider_of_traces_that_does_nothing_is_none(given: trace.TracerProvider | None) -> None:
    assert not Provider(given, trace.get_tracer_provider).records()


@pytest.mark.parametrize("given", [None, metrics.NoOpMeterProvider()])
def test_a_provider_of_metrics_that_does_nothing_is_none(given: metrics.MeterProvider | None) -> None:
    assert not Provider(given, metrics.get_meter_provider).records()


@pytest.mark.parametrize("given", [TracerProvider(shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False)])
def test_one_that_is_given_records(given: object) -> None:
    assert Provider(given, lambda: None).records()


def test_a_global_one_counts_a_moment_after_it_was_set() -> None:
    clock, found = Clock(), [trace.get_tracer_provider()]
    provider = Provider(None, lambda: found[-1], clock)
    assert not provider.records()
    found.append(TracerProvider(shutdown_on_exit=False))
    assert not provider.records()
    clock.time = 0.11
    assert provider.records()
    found.clear()  # it is not asked for again: a global provider cannot be replaced
    clock.time = 1.0
    assert provider.records()
