"""Salesforce's own command line logs in to the emulated org, and lends its login to a client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pybayeux_salesforce as salesforce
from pybayeux_auth import Grant, SfCliFlow
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.servers.salesforce_cli import SalesforceCli

ORDERS: Final = "/event/Order__e"


async def log_in(cli: SalesforceCli, org: SalesforceEmulator, folder: Path) -> None:
    key, known = folder / "server.key", org.credentials
    key.write_text(known.private_key)
    app = ("--client-id", known.client_id, "--jwt-key-file", str(key), "--username", known.username)
    place = ("--instance-url", org.login_url, "--alias", "emulated")
    await asyncio.to_thread(cli.run, "org", "login", "jwt", *app, *place)


class CountedFlow(SfCliFlow):
    """Counts how often the command line is asked for its login."""

    calls = 0

    async def __call__(self) -> Grant:
        self.calls += 1
        return await super().__call__()


def test_the_login_of_the_command_line_is_lent_and_renewed(
    salesforce_cli_factory: Callable[[str], SalesforceCli], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with SalesforceEmulator(hostname="localhost") as org:
            org.define(ORDERS)
            cli = salesforce_cli_factory(org.login_url)
            await log_in(cli, org, tmp_path)
            assert org.logins == 1
            for name, value in cli.environment.items():
                monkeypatch.setenv(name, value)
            login = CountedFlow("emulated", command=cli.command)
            url = org.login_url.replace("http", "salesforce", 1)
            async with (
                salesforce.client(url, login=login, store="memory") as client,
                client.subscribe(ORDERS) as events,
            ):
                await org.publish(ORDERS, {"Number__c": 1})
                assert (await anext(events)).data["payload"]["Number__c"] == 1
                assert (login.calls, org.logins) == (1, 1)
                org.revoke()
                await org.publish(ORDERS, {"Number__c": 2})
                assert (await anext(events)).data["payload"]["Number__c"] == 2
            assert login.calls == 2
            assert org.logins > 1  # one, or one for each request that the command line had under way

    asyncio.run(scenario())


def test_the_command_line_finds_the_org_in_order(
    salesforce_cli_factory: Callable[[str], SalesforceCli], tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with SalesforceEmulator(hostname="localhost") as org:
            cli = salesforce_cli_factory(org.login_url)
            await log_in(cli, org, tmp_path)
            shown = await asyncio.to_thread(cli.run, "org", "display", "--target-org", "emulated")
            assert shown["connectedStatus"] == "Connected"
            assert (shown["id"], shown["instanceUrl"]) == (org.org_id, org.url)

    asyncio.run(scenario())
