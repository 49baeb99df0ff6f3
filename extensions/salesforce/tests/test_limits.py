from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from pybayeux_salesforce.limits import EventUsage, Limit, read_limits, read_usage
from pybayeux_salesforce.rest import RestClient
from pybayeux_salesforce_emulator import SalesforceEmulator

_CONTENT: dict[str, Any] = {
    "DailyDeliveredPlatformEvents": {"Max": 50_000, "Remaining": 49_000},
    "DailyStreamingApiEvents": {"Max": 200_000, "Remaining": 0},
    "DurableStreamingApiConcurrentClients": {"Max": 20, "Remaining": 17},
    "HourlyPublishedPlatformEvents": {"Max": 250_000, "Remaining": 250_000},
    "DailyApiRequests": {"Max": 15_000, "Remaining": 14_000, "Ant Migration Tool": {"Max": 0, "Remaining": 0}},
    "DataStorageMB": {"Max": 5, "Remaining": 5},
    "OddStreamingApi": 7,
    "HalfStreamingApi": {"Max": 1},
    "TextStreamingApi": {"Max": "1", "Remaining": "1"},
}


def test_limits_of_streaming_and_of_requests_are_read() -> None:
    async def scenario() -> list[Limit]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=_CONTENT))
        async with (
            httpx.AsyncClient(transport=transport) as http,
            RestClient("https://my-org.my.salesforce.com/", "token", "58.0", http=http) as rest,
        ):
            return await read_limits(rest)

    assert asyncio.run(scenario()) == [
        Limit("DailyApiRequests", 15_000, 14_000),
        Limit("DailyDeliveredPlatformEvents", 50_000, 49_000),
        Limit("DailyStreamingApiEvents", 200_000, 0),
        Limit("DurableStreamingApiConcurrentClients", 20, 17),
        Limit("HourlyPublishedPlatformEvents", 250_000, 250_000),
    ]


def test_the_query_of_the_usage_is_one_that_an_org_answers() -> None:
    async def scenario() -> list[EventUsage]:
        async with SalesforceEmulator(seed=1, clock=lambda: time.time() - 3600) as org:
            org.define("/event/Order__e")
            await org.publish("/event/Order__e", {})
            await org.publish_change("Account", "CREATE", ["001xx0000000001AAA"], {})
            org.advance(3600)
            async with RestClient(org.url, org.issue_token(), "67.0") as rest:
                return await read_usage(rest)

    assert [(each.name, each.used) for each in asyncio.run(scenario())] == [
        ("CHANGE_EVENTS_PUBLISHED", 1),
        ("PLATFORM_EVENTS_PUBLISHED", 1),
    ]


def test_the_usage_of_events_is_read_for_the_day_until_the_last_full_hour() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["q"])
        return httpx.Response(200, json={"records": [{"Name": "PLATFORM_EVENTS_DELIVERED", "Value": 7}]})

    async def scenario() -> list[EventUsage]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            return await read_usage(RestClient("https://my-org", "token", "67.0", http=http))

    [usage] = asyncio.run(scenario())
    assert (usage.name, usage.used, usage.until.minute) == ("PLATFORM_EVENTS_DELIVERED", 7, 0)
    assert f"EndDate = {usage.until:%Y-%m-%dT%H}:00:00.000Z" in asked[0]


@pytest.mark.parametrize(("most", "left", "used"), [(20, 17, 0.15), (10, 0, 1.0), (10, -5, 1.5), (0, 0, 0.0)])
def test_the_share_that_is_used(most: int, left: int, used: float) -> None:
    assert Limit("A", most, left).used == pytest.approx(used)
