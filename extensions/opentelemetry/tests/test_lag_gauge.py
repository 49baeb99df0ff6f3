"""The gauge of how far receivers are behind."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from pybayeux.testing import Harness, in_virtual_time
from pybayeux_opentelemetry import OpenTelemetry


class _Metrics:
    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader])

    def behind(self) -> dict[str, float]:
        data = self._reader.get_metrics_data()
        found = [
            metric
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == "bayeux.client.events.behind"
        ]
        assert len(found) <= 1
        points: list[Any] = [point for metric in found for point in metric.data.data_points]
        return {str(point.attributes["messaging.destination.name"]): point.value for point in points}


def _created(seconds_ago: float) -> dict[str, Any]:
    moment = datetime.fromtimestamp(time.time(), UTC) - timedelta(seconds=seconds_ago)
    return {"event": {"createdDate": moment.isoformat()}}


@in_virtual_time
async def test_an_event_that_is_stuck_shows_when_metrics_are_collected() -> None:
    metrics = _Metrics()
    async with Harness(OpenTelemetry(meter_provider=metrics.provider)) as harness:
        events = await harness.client.subscribe("/orders/*")
        await harness.client.subscribe("/well", print)
        harness.server.push("/orders/1", _created(600))
        await harness.clock.settle()
        assert metrics.behind() == {"/orders/*": pytest.approx(600, abs=30), "/well": 0}
        await anext(events)
        await events.unsubscribe()
        assert metrics.behind() == {"/well": 0}
    assert metrics.behind() == {}


@in_virtual_time
async def test_of_several_clients_the_slowest_counts() -> None:
    metrics = _Metrics()
    async with (
        Harness(OpenTelemetry(meter_provider=metrics.provider)) as first,
        Harness(OpenTelemetry(meter_provider=metrics.provider)) as second,
    ):
        for harness, age in ((first, 900), (second, 60)):
            await harness.client.subscribe("/orders")
            harness.server.push("/orders", _created(age))
            await harness.clock.settle()
        assert metrics.behind() == {"/orders": pytest.approx(900, abs=30)}
        await first.client.close()
        assert metrics.behind() == {"/orders": pytest.approx(60, abs=30)}


@in_virtual_time
async def test_channels_beyond_the_limit_are_one() -> None:
    metrics = _Metrics()
    async with Harness(OpenTelemetry(meter_provider=metrics.provider, max_channels=1)) as harness:
        for channel, age in (("/a", 5), ("/b", 70), ("/c", 900)):
            await harness.client.subscribe(channel)
            harness.server.push(channel, _created(age))
        await harness.clock.settle()
        assert metrics.behind() == {"/a": pytest.approx(5, abs=30), "_OTHER": pytest.approx(900, abs=30)}


@in_virtual_time
async def test_a_client_that_was_dropped_is_not_kept() -> None:
    metrics = _Metrics()
    harness = Harness(OpenTelemetry(meter_provider=metrics.provider))
    async with harness:
        await harness.client.subscribe("/a")
    del harness
    gc.collect()
    assert metrics.behind() == {}
