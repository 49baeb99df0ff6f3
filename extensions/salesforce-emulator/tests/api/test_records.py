from __future__ import annotations

from typing import Any

import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

DATA = "/services/data/v67.0"
HOT: dict[str, Any] = {"Name": "Hot", "Query": "SELECT Id, Name FROM Account", "ApiVersion": 67.0}


@in_loop
async def test_a_push_topic_by_rest() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        created = await client.http.post(f"{org.url}{DATA}/sobjects/PushTopic", json=HOT)
        assert (created.status_code, created.json()["success"]) == (201, True)
        url = f"{org.url}{DATA}/sobjects/PushTopic/{created.json()['id']}"
        assert (await client.http.patch(url, json={"Description": "New"})).status_code == 204
        record = (await client.http.get(url)).json()
        assert (record["Description"], record["attributes"]["type"]) == ("New", "PushTopic")
        query = {"q": "SELECT Id, Name FROM PushTopic WHERE Name = 'Hot'"}
        [found] = (await client.http.get(f"{org.url}{DATA}/query", params=query)).json()["records"]
        assert (found["Id"], found["Name"]) == (record["Id"], "Hot")
        assert (await client.http.delete(url)).status_code == 204
        gone = await client.http.get(url)
        assert gone.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


@in_loop
async def test_an_error_of_a_record_names_its_fields() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        answer = await client.http.post(f"{org.url}{DATA}/sobjects/PushTopic", json={**HOT, "Name": "A" * 26})
        [refused] = answer.json()
        assert (answer.status_code, refused["errorCode"], refused["fields"]) == (400, "STRING_TOO_LONG", ["Name"])


@in_loop
async def test_channels_and_members_by_the_tooling_api() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        tooling = f"{org.url}{DATA}/tooling"
        channel = {"FullName": "Sales__chn", "Metadata": {"channelType": "data", "label": "Sales"}}
        made = await client.http.post(f"{tooling}/sobjects/PlatformEventChannel", json=channel)
        assert made.json() == {"id": made.json()["id"], "success": True, "errors": [], "warnings": [], "infos": []}
        metadata = {"eventChannel": "Sales__chn", "selectedEntity": "AccountChangeEvent"}
        member = {"FullName": "Sales_chn_AccountChangeEvent", "Metadata": metadata}
        await client.http.post(f"{tooling}/sobjects/PlatformEventChannelMember", json=member)
        query = {"q": "SELECT Id, SelectedEntity FROM PlatformEventChannelMember"}
        [row] = (await client.http.get(f"{tooling}/query/", params=query)).json()["records"]
        assert row["SelectedEntity"] == "AccountChangeEvent"
        assert row["attributes"]["url"].startswith(f"{DATA}/tooling/sobjects/PlatformEventChannelMember/0v8")
        assert (await client.http.delete(f"{org.url}{row['attributes']['url']}")).status_code == 204


@pytest.mark.parametrize("path", ["/sobjects/Account/001", "/tooling/sobjects/Account/001", "/sobjects/No__e/describe"])
@in_loop
async def test_what_does_not_exist(path: str) -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        answer = await client.http.get(f"{org.url}{DATA}{path}")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


@in_loop
async def test_descriptions() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        objects = (await client.http.get(f"{org.url}{DATA}/sobjects/")).json()["sobjects"]
        names = [each["name"] for each in objects]
        assert {"Account", "AccountChangeEvent", "Order__e"} <= set(names)
        assert names == sorted(names)
        url = next(each["urls"]["describe"] for each in objects if each["name"] == "Order__e")
        described = (await client.http.get(f"{org.url}{url}")).json()
        assert [each["name"] for each in described["fields"]] == ["ReplayId", "CreatedDate", "CreatedById", "EventUuid"]
        schema = await client.http.get(f"{org.url}{DATA}/sobjects/Account/eventSchema")
        assert schema.status_code == 404


@in_loop
async def test_the_usage_of_events_up_to_the_last_full_hour() -> None:
    async with SalesforceEmulator(token_lifetime=1e6, max_interval=1e6) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        await org.publish(ORDERS, {"Number__c": 1})
        await client.numbers()
        query = {"q": "SELECT Name, StartDate, EndDate, Value FROM PlatformEventUsageMetric"}
        org.advance(3600)
        rows = (await client.http.get(f"{org.url}{DATA}/query", params=query)).json()["records"]
        assert {row["Name"]: row["Value"] for row in rows} == {
            "PLATFORM_EVENTS_PUBLISHED": 1,
            "PLATFORM_EVENTS_DELIVERED": 1,
        }
        assert all(row["EndDate"].endswith(":00:00.000+0000") for row in rows)
        query["q"] += " WHERE Name = 'CHANGE_EVENTS_DELIVERED'"
        assert (await client.http.get(f"{org.url}{DATA}/query", params=query)).json()["totalSize"] == 0
