from __future__ import annotations

import asyncio

import httpx
import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS, Org, OrgClient
from extensions.devserver.tests.engine_client import Clock, in_loop
from pybayeux_salesforce_emulator import OrgOptions, SalesforceEmulator


@in_loop
async def test_an_org_on_a_socket() -> None:
    async with SalesforceEmulator(seed=1, version="60.0") as org:
        assert org.endpoint == f"{org.url}/cometd/60.0"
        assert org.control_url == f"{org.url}/control"
        assert org.options == OrgOptions(seed=1, version="60.0")


@in_loop
async def test_hostname() -> None:
    async with SalesforceEmulator(hostname="localhost") as org, HttpClient(org) as client:
        assert org.url.startswith("http://localhost:")
        assert (await client.handshake()).json()[0]["successful"]
        assert (await client.connect()).json()[0]["successful"]


@in_loop
async def test_a_port_that_is_taken() -> None:
    async with SalesforceEmulator() as org:
        with pytest.raises(OSError):
            await SalesforceEmulator(port=httpx.URL(org.url).port or 0).__aenter__()


@in_loop
async def test_clock() -> None:
    clock = Clock()
    async with SalesforceEmulator(clock=clock) as org, HttpClient(org) as client:
        await client.join()
        clock.now += 40
        assert (await client.connect()).json()[0]["error"] == "403::Unknown client"
        assert org.requests[-1].time == clock.now


def test_invalid_options_are_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        SalesforceEmulator(nonsense=1)
    with pytest.raises(ValueError, match="time_scale"):
        SalesforceEmulator(time_scale=-1)


@in_loop
async def test_seed_determines_generated_values() -> None:
    async def some() -> tuple[object, ...]:
        async with SalesforceEmulator(seed=7) as org, HttpClient(org) as client:
            org.define(ORDERS)
            await client.join()
            replay_id = await org.publish(ORDERS, {})
            return org.org_id, client.client_id, replay_id, org.published[ORDERS][0].uuid

    assert await some() == await some()


@in_loop
async def test_cutting_connections_loses_nothing() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        held = asyncio.create_task(client.connect())
        await org.recorder.received("/meta/connect")
        org.cut_connections()
        with pytest.raises(httpx.TransportError):
            await held
        await org.publish(ORDERS, {"Number__c": 1})
        assert await client.numbers() == [1]


def test_properties_of_a_new_org() -> None:
    org = Org(version="60.0")
    assert org.url == "http://127.0.0.1:1"
    assert org.endpoint == "http://127.0.0.1:1/cometd/60.0"
    assert org.login_url == "http://localhost:1"
    assert org.org_id.startswith("00D")
    assert len(org.org_id) == 18
    assert org.options.version == "60.0"
    assert ORDERS in org.channels
    assert org.now == org.clock.now
    assert (org.sessions, org.requests, org.login_history, org.locked_out) == ((), (), (), ())
    assert org.logins == 0


def test_sessions_shows_each_session_with_its_subscriptions() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    [session] = org.sessions
    assert session.client_id == client.client_id
    assert list(session.subscriptions) == [ORDERS]
