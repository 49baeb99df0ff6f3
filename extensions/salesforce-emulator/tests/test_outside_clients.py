"""A client of other authors for real orgs: aiosfstream-ng from PyPI, unchanged except for its login host."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import eventually, in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator, oracles

if TYPE_CHECKING:
    from collections.abc import MutableMapping

aiosfstream = pytest.importorskip("aiosfstream_ng")
replay = pytest.importorskip("aiosfstream_ng.replay")


def _authenticator(org: SalesforceEmulator, *, refresh: bool = False) -> Any:
    kind: Any = aiosfstream.RefreshTokenAuthenticator if refresh else aiosfstream.PasswordAuthenticator

    class Authenticator(kind):  # type: ignore[misc]
        """The login hosts are constants of the library."""

        _token_url = org.credentials.token_url

    credentials = org.credentials
    app = (credentials.client_id, credentials.client_secret)
    if refresh:
        return Authenticator(*app, credentials.refresh_token)
    return Authenticator(*app, credentials.username, credentials.password)


def _org(**options: Any) -> SalesforceEmulator:
    # aiohttp's cookie jar accepts no cookies from an IP address.
    org = SalesforceEmulator(hostname="localhost", **options)
    org.define(ORDERS)
    return org


def _client(org: SalesforceEmulator, positions: MutableMapping[str, Any], **options: Any) -> Any:
    positions = replay.DefaultMappingStorage(positions, aiosfstream.ReplayOption.ALL_EVENTS)
    return aiosfstream.Client(_authenticator(org), replay=positions, **options)


async def _number(client: Any) -> Any:
    async with asyncio.timeout(10):
        return (await client.receive())["data"]["payload"]["Number__c"]


@in_loop
async def test_aiosfstream_subscribes_survives_a_move_and_resumes() -> None:
    positions: dict[str, Any] = {}
    async with _org() as org:
        await org.publish(ORDERS, {"Number__c": 1})
        async with _client(org, positions) as client:
            await client.subscribe(ORDERS)
            assert await _number(client) == 1
            before = {session.client_id for session in org.sessions}
            org.rebalance()
            await org.publish(ORDERS, {"Number__c": 2})
            assert await _number(client) == 2
            await eventually(lambda: {session.client_id for session in org.sessions} - before)
        await org.publish(ORDERS, {"Number__c": 3})
        async with _client(org, positions) as client:
            await client.subscribe(ORDERS)
            assert await _number(client) == 3
        violations = oracles.violations(org.requests)
        # A known defect of this client: it logs in because its session is unknown.
        assert set(violations) <= {"no login after an unknown client"}
        assert org.requests[0].path == "/services/oauth2/token"
        assert org.requests[1].path == "/cometd/45.0"


@in_loop
async def test_id_of_a_purged_event() -> None:
    positions: dict[str, Any] = {}
    async with _org() as org:
        await org.publish(ORDERS, {"Number__c": 1})
        async with _client(org, positions) as client:
            await client.subscribe(ORDERS)
            assert await _number(client) == 1
        org.purge(ORDERS)
        await org.publish(ORDERS, {"Number__c": 2})
        async with _client(org, positions) as client:
            with pytest.raises(aiosfstream.exceptions.ServerError) as refused:
                await client.subscribe(ORDERS)
            assert refused.value.error_code == 400
        async with _client(org, positions, replay_fallback=aiosfstream.ReplayOption.ALL_EVENTS) as client:
            await client.subscribe(ORDERS)
            assert await _number(client) == 2


@in_loop
async def test_a_wrong_password() -> None:
    async with _org() as org:
        client = _client(org, {})
        org.add_user(org.credentials.username, "changed")
        with pytest.raises(aiosfstream.exceptions.AuthenticationError):
            await client.open()


@in_loop
async def test_refreshing_a_token() -> None:
    async with _org() as org:
        client = aiosfstream.Client(_authenticator(org, refresh=True))
        async with client:
            await client.subscribe(ORDERS)
            await org.publish(ORDERS, {"Number__c": 1})
            assert await _number(client) == 1
        assert org.login_history[0].way == "refresh_token"


@in_loop
async def test_changes() -> None:
    async with _org() as org:
        async with _client(org, {}) as client:
            await client.subscribe("/data/ChangeEvents")
            ids = await org.publish_change("Account", "UPDATE", ["001xx0000000001AAA"], {"Name": "x"})
            async with asyncio.timeout(10):
                event = await client.receive()
        assert event["data"]["event"]["replayId"] == ids["/data/ChangeEvents"]
        assert event["data"]["payload"]["ChangeEventHeader"]["entityName"] == "Account"
