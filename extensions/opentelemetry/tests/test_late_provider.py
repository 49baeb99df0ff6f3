"""A global provider that is set while a client runs; in a process of its own, for it can be set only once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[3]

_PROGRAM: Final = """
import asyncio
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux_opentelemetry import OpenTelemetry

def names(client):
    return [each.name for each in client.extensions]

@in_virtual_time
async def main():
    server, reader = FakeServer(), InMemoryMetricReader()
    client = make_client(server, OpenTelemetry())
    async with client, client.subscribe("/orders") as events:
        server.push("/orders", 1)
        await anext(events)
        print(names(client))
        metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
        await asyncio.sleep(100)  # the next /meta/connect
        print(names(client))
        server.push("/orders", 2)
        await anext(events)
    print(names(client))
    data = reader.get_metrics_data()
    found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
    print([p.value for m in found if m.name == "bayeux.client.events.received" for p in m.data.data_points])

main()
"""


@pytest.mark.timeout(60)
def test_a_provider_is_found_with_the_next_request() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    before, during, after, received = done.stdout.splitlines()
    assert "open-telemetry-messages" not in before
    assert "open-telemetry-messages" in during
    assert (after, received) == (before, "[1]")
