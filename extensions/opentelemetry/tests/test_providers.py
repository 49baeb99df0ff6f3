from __future__ import annotations

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from pybayeux_opentelemetry.providers import records


@pytest.mark.parametrize(
    "provider",
    [
        trace.NoOpTracerProvider(),
        trace.get_tracer_provider(),
        metrics.NoOpMeterProvider(),
        metrics.get_meter_provider(),
    ],
)
def test_a_provider_that_does_nothing_records_nothing(provider: object) -> None:
    assert not records(provider)


@pytest.mark.parametrize("provider", [TracerProvider(shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False)])
def test_one_of_an_sdk_records(provider: object) -> None:
    assert records(provider)
