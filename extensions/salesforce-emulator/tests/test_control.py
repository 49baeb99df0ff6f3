from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.control import ACTIONS


async def _post(org: SalesforceEmulator, http: httpx.AsyncClient, verb: str, **arguments: Any) -> Any:
    response = await http.post(f"{org.control_url}/{verb}", json=arguments)
    assert response.status_code == 200, response.text
    return response.json()


@in_loop
async def test_define_and_publish() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        await _post(org, http, "define", channel=ORDERS)
        replay_id = await _post(org, http, "publish", channel=ORDERS, payload={"Number__c": 1})
        changed = await _post(org, http, "publish_change", entity="Account", kind="DELETE", record_ids=["001"])
        published = (await http.get(f"{org.control_url}/published")).json()
        assert published[ORDERS][0]["replay_id"] == replay_id
        assert published["/data/ChangeEvents"][0]["replay_id"] == changed["/data/ChangeEvents"]


@in_loop
async def test_changes_of_one_transaction() -> None:
    changes = [
        {"entity": "Account", "kind": "CREATE", "record_ids": ["001"], "fields": {"Name": "Acme"}},
        {"entity": "Contact", "kind": "DELETE", "record_ids": ["003"], "skip": 2},
    ]
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as http:
        await client.join()
        await client.subscribe("/data/ChangeEvents")
        ids = await _post(org, http, "publish_transaction", changes=changes)
        events = [message["data"] for message in (await client.connect()).json() if "data" in message]
        headers = [event["payload"]["ChangeEventHeader"] for event in events]
        assert [each["/data/ChangeEvents"] for each in ids] == [event["event"]["replayId"] for event in events]
        assert [header["sequenceNumber"] for header in headers] == [1, 4]
        assert len({header["transactionKey"] for header in headers}) == 1


@in_loop
async def test_overview() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as http:
        org.define(ORDERS)
        await client.join(ORDERS)
        overview = (await http.get(f"{org.control_url}/")).json()
        assert overview["url"] == org.url
        assert overview["orgId"] == org.org_id
        [session] = overview["sessions"]
        assert session["clientId"] == client.client_id
        assert session["subscriptions"] == [ORDERS]
        assert "reply-eof" in overview["faultKinds"]


@in_loop
async def test_credentials_are_enough_to_log_in() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        credentials = (await http.get(f"{org.control_url}/credentials")).json()
        assert "PRIVATE KEY" in credentials["private_key"]
        names = ("client_id", "client_secret", "username", "password")
        form = {"grant_type": "password"} | {name: credentials[name] for name in names}
        assert (await http.post(credentials["token_url"], data=form)).status_code == 200
        [login] = (await http.get(f"{org.control_url}/logins")).json()
        assert (login["way"], login["error"]) == ("password", None)


@in_loop
async def test_requests_and_oracles() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as http:
        await client.join()
        await client.subscribe("/data/ChangeEvents")
        [request] = (await http.get(f"{org.control_url}/requests")).json()
        assert json.loads(request["body"])[0]["channel"] == "/meta/subscribe"
        assert request["replies"][0]["successful"]
        assert (await http.get(f"{org.control_url}/oracles")).json() == {}
        await http.delete(f"{org.control_url}/requests")
        assert (await http.get(f"{org.control_url}/requests")).json() == []


@in_loop
async def test_incidents() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as http:
        await client.join()
        await _post(org, http, "busy", n=1)
        assert (await client.connect()).json()[0]["error"] == "401::Authentication invalid"
        await _post(org, http, "rebalance")
        assert (await client.connect()).json()[0]["error"] == "403::Unknown client"
        assert await _post(org, http, "revoke") == 1
        await _post(org, http, "fail_next", kind="http-502", channel="/meta/handshake")
        assert (await client.connect()).status_code == 200
        with pytest.raises(ValueError):
            (await client.handshake()).json()


@pytest.mark.parametrize(
    ("verb", "body", "why"),
    [
        ("explode", {}, "rebalance"),
        ("publish", {"channel": "/event/Nothing__e", "payload": {}}, "channel '/event/Nothing__e' is not defined"),
        ("publish", {"channel": ORDERS}, "missing 1 required positional argument: 'payload'"),
        ("define", {"channel": "/chat/x"}, "expected a channel of an org"),
        ("fail_next", {"kind": "earthquake"}, "reply-eof"),
        ("quota", {"name": "patience"}, "patience"),
        ("advance", [], "array"),
    ],
)
@in_loop
async def test_invalid_requests_are_explained(verb: str, body: Any, why: str) -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        response = await http.post(f"{org.control_url}/{verb}", json=body)
        assert response.status_code == 400
        assert why in response.text
        assert not re.match(r"[\w.]+\(\)", response.text), "a method of Python"


def test_every_action_is_a_method() -> None:
    org = SalesforceEmulator()
    assert all(callable(getattr(org, verb)) for verb in ACTIONS)


@in_loop
async def test_an_org_without_control() -> None:
    async with SalesforceEmulator(control=False) as org, httpx.AsyncClient() as http:
        assert (await http.get(f"{org.control_url}/")).status_code == 404
