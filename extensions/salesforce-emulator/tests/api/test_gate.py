from __future__ import annotations

import httpx

from emulator_support.http_client import HttpClient
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

DATA = "/services/data/v67.0"
REFUSAL = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


@in_loop
async def test_each_answer_states_the_usage_and_the_versions_are_free() -> None:
    async with SalesforceEmulator(max_api_requests=100) as org, HttpClient(org) as client:
        for used in (1, 2):
            answer = await client.http.get(f"{org.url}{DATA}/limits")
            assert answer.headers["Sforce-Limit-Info"] == f"api-usage={used}/100"
            assert answer.json()["DailyApiRequests"] == {"Max": 100, "Remaining": 100 - used}
            assert "Sforce-Limit-Info" not in (await client.http.get(f"{org.url}/services/data")).headers


@in_loop
async def test_the_daily_limit_ends_when_the_window_has_moved_on() -> None:
    async with SalesforceEmulator(max_api_requests=2, token_lifetime=1e6) as org, HttpClient(org) as client:
        statuses = [(await client.http.get(f"{org.url}{DATA}/limits")).status_code for _ in range(3)]
        assert statuses == [200, 200, 403]
        assert (await client.http.get(f"{org.url}{DATA}/limits")).json() == REFUSAL
        org.advance(24 * 3600 + 1)
        assert (await client.http.get(f"{org.url}{DATA}/limits")).status_code == 200


@in_loop
async def test_a_limit_can_be_reached_for_a_time() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.quota("api-requests", seconds=600)
        assert (await client.http.get(f"{org.url}{DATA}/limits")).json() == REFUSAL
        org.advance(601)
        assert (await client.http.get(f"{org.url}{DATA}/limits")).status_code == 200


@in_loop
async def test_a_request_without_a_token_is_refused_and_does_not_count() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client, httpx.AsyncClient() as stranger:
        assert (await stranger.get(f"{org.url}{DATA}/limits")).status_code == 401
        answer = await client.http.get(f"{org.url}{DATA}/limits")
        assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
