from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import pybayeux_salesforce as salesforce
from pybayeux.errors import ExtensionOptionError, UsageError
from pybayeux_auth import ClientCredentialsFlow
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from pathlib import Path

_ORDERS = "/event/Order__e"


def _flow(org: SalesforceEmulator) -> ClientCredentialsFlow:
    given = org.credentials
    return ClientCredentialsFlow(login_url=org.url, client_id=given.client_id, client_secret=given.client_secret)


def _made(address: str = "salesforce://my-org", **arguments: Any) -> Any:
    return salesforce.client(address, store="memory", discover=False, **arguments)


def test_the_url_is_the_endpoint() -> None:
    assert _made().url == "https://my-org.my.salesforce.com/cometd/67.0"
    assert _made("https://acme.my.site.com?version=58.0").url == "https://acme.my.site.com/cometd/58.0"


@pytest.mark.parametrize("address", ["my-org", "salesforce://my-org?version=30.0", "ftp://my-org"])
def test_an_invalid_address_is_an_error(address: str) -> None:
    with pytest.raises(UsageError):
        _made(address)


def test_arguments_become_options_of_the_extensions() -> None:
    with pytest.raises(ExtensionOptionError, match="no_such"):
        _made(options={"salesforce": {"no_such": 1}})
    with pytest.raises(ExtensionOptionError, match="no_such"):
        _made(login="token", options={"auth": {"no_such": 1}})
    with pytest.raises(ExtensionOptionError, match="no_such"):
        _made(options={"replay": {"no_such": 1}})
    _made(login="token", options={"salesforce": {"busy_wait": (1.0, 2.0)}, "auth": {"refreshes": 5}})


def test_the_client_logs_in_and_resumes_from_its_position(tmp_path: Path) -> None:
    async def listen(org: SalesforceEmulator, store: str, numbers: list[int]) -> None:
        client = salesforce.client(org.url, login=_flow(org), store=store, since="earliest", discover=False)
        async with client, client.subscribe(_ORDERS, type=salesforce.PlatformEvent) as events:
            async for event in events:
                numbers.append(event.data.payload["Number__c"])
                if len(numbers) == 2:
                    return

    async def scenario() -> None:
        store = f"sqlite:///{tmp_path / 'positions.db'}"
        async with SalesforceEmulator(seed=1) as org:
            org.define(_ORDERS)
            for number in range(1, 5):
                await org.publish(_ORDERS, {"Number__c": number})
            first: list[int] = []
            second: list[int] = []
            await listen(org, store, first)
            await listen(org, store, second)
            assert (first, second) == ([1, 2], [3, 4])
            assert org.logins == 2

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_the_sync_client_does_the_same() -> None:
    with SalesforceEmulator(seed=1) as org:
        org.define(_ORDERS)
        token = org.issue_token()
        client = salesforce.sync_client(org.url, login=token, store="memory", since="earliest", discover=False)
        with client, client.subscribe(_ORDERS) as events:
            org.publish(_ORDERS, {"Number__c": 1})
            event = salesforce.event_of(next(iter(events)))
        assert isinstance(event, salesforce.PlatformEvent)
        assert event.payload["Number__c"] == 1


def test_installed_extensions_are_registered_once() -> None:
    """Those that it brings take the places of the installed ones."""

    async def scenario() -> None:
        async with SalesforceEmulator(seed=1) as org:
            org.define(_ORDERS)
            async with salesforce.client(org.url, login=_flow(org), store="memory") as client:
                events = await client.subscribe(_ORDERS)
                await org.publish(_ORDERS, {"Number__c": 1})
                assert (await anext(events)).data["payload"]["Number__c"] == 1
            assert org.logins == 1

    asyncio.run(asyncio.wait_for(scenario(), 30))
