"""The metrics of pybayeux-opentelemetry as Prometheus gets them, from a client's day in an emulated org.

Owns what happens on that day: enough that each instrument has a value. The names are made by OpenTelemetry's exporter.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import pybayeux_salesforce as salesforce
from pybayeux import AsyncClient, Backoff, ConnectionState, Message, hookimpl
from pybayeux.errors import PublishError
from pybayeux_auth import ClientCredentialsFlow
from pybayeux_devserver import DevServer
from pybayeux_opentelemetry import OpenTelemetry
from pybayeux_replay import Stall
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pybayeux import BayeuxError

__all__ = ("exported_labels",)

_ORDERS: Final = "/event/Order__e"
_CASES: Final = "/event/Case__e"
_LIMIT: Final = 60.0


def exported_labels(folder: Path) -> dict[str, dict[str, set[str]]]:
    """Return the labels of each series' name, such as ``bayeux_client_gaps_total``, and the values of each label.

    Args:
        folder: Where the client stores its positions.
    """
    registry = CollectorRegistry()
    provider = MeterProvider([PrometheusMetricReader(registry=registry)])
    collected: list[str] = []
    asyncio.run(
        asyncio.wait_for(_day(folder, provider, lambda: collected.append(generate_latest(registry).decode())), _LIMIT)
    )
    labels: dict[str, dict[str, set[str]]] = {}
    for text in collected:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                of_series = labels.setdefault(sample.name, {})
                for label, value in sample.labels.items():
                    of_series.setdefault(label, set()).add(value)
    return labels


class _Witness:
    """An extension that knows which errors the client reported."""

    def __init__(self) -> None:
        self._errors: set[str] = set()
        self._changed = asyncio.Event()

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self._errors.add(type(error).__name__)
        self._changed.set()

    async def until(self, error: str) -> None:
        while error not in self._errors:
            self._changed.clear()
            await self._changed.wait()


async def _day(folder: Path, provider: MeterProvider, collect: Callable[[], None]) -> None:
    async with SalesforceEmulator(seed=7, control=False) as org:
        for channel in (_ORDERS, _CASES):
            org.define(channel)
        await org.publish(_ORDERS, {"Number__c": 1})
        witness, telemetry = _Witness(), OpenTelemetry(meter_provider=provider)
        async with _client(org, folder, witness, telemetry) as client:
            await _handle(org, client, witness)
            await _lose_sessions(org, client, witness, collect)
            telemetry.stalled(Stall(_ORDERS, datetime.now(UTC)))  # half an hour without an event
            await org.publish(_ORDERS, {"Number__c": 2})
            await client.subscribe(_ORDERS, print)
            collect()
        await _publish(provider)
        org.purge(_ORDERS)
        async with _client(org, folder, _Witness(), OpenTelemetry(meter_provider=provider)) as client:
            await client.subscribe(_ORDERS, print)  # the stored position is gone: a gap
            collect()


async def _handle(org: SalesforceEmulator, client: AsyncClient, witness: _Witness) -> None:
    def fail(event: Message) -> None:
        raise ValueError(event.data["event"]["replayId"])

    async with client.subscribe(_ORDERS) as events:
        await anext(aiter(events))
    await client.subscribe(_CASES, fail)
    await org.publish(_CASES, {"Number__c": 1})
    await witness.until("ReceiverError")


async def _publish(provider: MeterProvider) -> None:
    """An org takes no publishes, so another server does."""
    async with DevServer(deny_publish=("/denied",)) as server:
        telemetry = OpenTelemetry(meter_provider=provider)
        async with AsyncClient(server.url, extensions=[telemetry], discover=False) as client:
            await client.publish("/orders", {"number": 1})
            with suppress(PublishError):
                await client.publish("/denied", {"number": 1})


async def _lose_sessions(
    org: SalesforceEmulator, client: AsyncClient, witness: _Witness, collect: Callable[[], None]
) -> None:
    org.quota("clients")
    org.kill_sessions()
    await witness.until("QuotaError")
    collect()  # while it waits
    org.clear_faults()
    await client.wait_for(ConnectionState.CONNECTED)


def _client(org: SalesforceEmulator, folder: Path, *extensions: object) -> AsyncClient:
    keys = org.credentials
    login = ClientCredentialsFlow(login_url=org.url, client_id=keys.client_id, client_secret=keys.client_secret)
    options: dict[str, dict[str, Any]] = {
        "salesforce": {"busy_wait": (0.1, 0.2), "quota_wait": (0.5, 0.5)},
        "auth": {"min_interval": 0.0},
    }
    return salesforce.client(
        org.url,
        login=login,
        store=str(folder / "positions.db"),
        since="earliest",
        extensions=extensions,
        options=options,
        discover=False,
        backoff=Backoff(increment=0.02, maximum=0.1),
    )
