from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.org.ids import schema_id

DATA = "/services/data/v67.0"


@in_loop
async def test_versions() -> None:
    async with SalesforceEmulator(version="60.0") as org, httpx.AsyncClient() as http:
        versions = (await http.get(f"{org.url}/services/data")).json()
        assert versions[-1] == {"label": "v60.0", "url": "/services/data/v60.0", "version": "60.0"}


@in_loop
async def test_resources_need_a_token() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as stranger:
        for end in ("", "/"):
            resources = (await client.http.get(f"{org.url}{DATA}{end}")).json()
            assert (await client.http.get(f"{org.url}{resources['limits']}")).status_code == 200
            [error] = (await stranger.get(f"{org.url}{DATA}{end}")).json()
            assert error["errorCode"] == "INVALID_SESSION_ID"


@in_loop
async def test_limits() -> None:
    async with SalesforceEmulator(max_clients=20, max_delivered=100) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        await org.publish(ORDERS, {"Number__c": 1})
        await client.numbers()
        limits = (await client.http.get(f"{org.url}{DATA}/limits")).json()
        assert limits["DailyDeliveredPlatformEvents"] == {"Max": 100, "Remaining": 99}
        assert limits["DurableStreamingApiConcurrentClients"] == {"Max": 20, "Remaining": 19}


@in_loop
async def test_publishing_a_platform_event() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        response = await client.http.post(f"{org.url}{DATA}/sobjects/Order__e", json={"Number__c": 7})
        assert response.status_code == 201
        [published] = org.published[ORDERS]
        assert published.payload == {"Number__c": 7}
        [queued] = response.json()["errors"]
        assert queued == {"statusCode": "OPERATION_ENQUEUED", "message": published.uuid, "fields": []}


@in_loop
async def test_a_generic_channel_is_created_and_pushed_to() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        created = await client.http.post(f"{org.url}{DATA}/sobjects/StreamingChannel", json={"Name": "/u/News"})
        assert created.status_code == 201
        push = f"{org.url}{DATA}/sobjects/StreamingChannel/{created.json()['id']}/push"
        events = {"pushEvents": [{"payload": "a", "userIds": []}, {"payload": "b"}]}
        assert len((await client.http.post(push, json=events)).json()) == 2
        assert [event.payload for event in org.published["/u/News"]] == ["a", "b"]


@in_loop
async def test_the_schema_of_an_event() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        url = f"{org.url}{DATA}/event/eventSchema/{schema_id('Order__e')}"
        by_name = f"{org.url}{DATA}/sobjects/Order__e/eventSchema"
        own = ["ReplayId", "CreatedDate", "CreatedById"]
        assert [each["name"] for each in (await client.http.get(url)).json()["fields"]] == own
        await org.publish(ORDERS, {"Number__c": 7})
        schema = (await client.http.get(url)).json()
        assert schema == (await client.http.get(by_name)).json()
        assert [each["name"] for each in schema["fields"]] == [*own, "Number__c"]
        assert (schema["name"], schema["fields"][1]["type"]) == ("Order__e", "long")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/sobjects/Other__e", "{}", 404, "NOT_FOUND"),
        ("/sobjects/Account", "{}", 404, "NOT_FOUND"),
        ("/sobjects/Order__e", "[", 400, "JSON_PARSER_ERROR"),
        ("/sobjects/StreamingChannel", '{"Name": "News"}', 400, "INVALID_FIELD"),
        ("/sobjects/StreamingChannel/0M6/push", "{}", 404, "NOT_FOUND"),
    ],
)
@in_loop
async def test_records_that_cannot_be_created(path: str, body: str, status: int, code: str) -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        response = await client.http.post(f"{org.url}{DATA}{path}", content=body)
        assert (response.status_code, response.json()[0]["errorCode"]) == (status, code)


@in_loop
async def test_malformed_push() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        created = await client.http.post(f"{org.url}{DATA}/sobjects/StreamingChannel", json={"Name": "/u/News"})
        push = f"{org.url}{DATA}/sobjects/StreamingChannel/{created.json()['id']}/push"
        assert (await client.http.post(push, json={"pushEvents": [{}]})).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/limits"),
        ("GET", "/event/eventSchema/x"),
        ("POST", "/sobjects/Order__e"),
        ("POST", "/sobjects/StreamingChannel/x/push"),
    ],
)
@in_loop
async def test_requests_without_a_valid_token_are_refused(method: str, path: str) -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.revoke()
        response: Any = await client.http.request(method, f"{org.url}{DATA}{path}", json={})
        assert response.status_code == 401
        assert response.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@in_loop
async def test_unknown_schema() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        assert (await client.http.get(f"{org.url}{DATA}/event/eventSchema/x")).status_code == 404


QUERY = "SELECT Id, InstanceName FROM Organization"


@in_loop
async def test_the_name_of_the_instance_is_queried() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as stranger:
        for end in ("", "/"):
            answer = (await client.http.get(f"{org.url}{DATA}/query{end}", params={"q": QUERY})).json()
            [record] = answer["records"]
            assert (record["Id"], record["InstanceName"]) == (org.org_id, org.instance_name)
        assert (await stranger.get(f"{org.url}{DATA}/query", params={"q": QUERY})).status_code == 401
        refusals = {
            "SELECT Name FROM Organization": "INVALID_FIELD",
            "SELECT Id FROM Nothing": "INVALID_TYPE",
            "": "MALFORMED_QUERY",
        }
        for query, code in refusals.items():
            response = await client.http.get(f"{org.url}{DATA}/query", params={"q": query})
            assert (response.status_code, response.json()[0]["errorCode"]) == (400, code)


@in_loop
async def test_an_org_without_rest_queries() -> None:
    async with SalesforceEmulator(instance_readable=False) as org, HttpClient(org) as client:
        response = await client.http.get(f"{org.url}{DATA}/query", params={"q": QUERY})
        assert (response.status_code, response.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")
