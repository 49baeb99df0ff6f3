from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from pybayeux_salesforce import InvalidTokenError, QuotaError, RestError
from pybayeux_salesforce.rest import Limit, read_limits

_CONTENT: dict[str, Any] = {
    "DailyDeliveredPlatformEvents": {"Max": 50_000, "Remaining": 49_000},
    "DailyStreamingApiEvents": {"Max": 200_000, "Remaining": 0},
    "DurableStreamingApiConcurrentClients": {"Max": 20, "Remaining": 17},
    "HourlyPublishedPlatformEvents": {"Max": 250_000, "Remaining": 250_000},
    "DailyApiRequests": {"Max": 15_000, "Remaining": 14_000},
    "OddStreamingApi": 7,
    "HalfStreamingApi": {"Max": 1},
}


def _asked(answer: httpx.Response | Exception) -> tuple[list[httpx.Request], list[Limit]]:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> list[Limit]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            return await read_limits("https://my-org.my.salesforce.com/", "secret-token", "58.0", http=http)

    return requests, asyncio.run(scenario())


def test_limits_are_printed() -> None:
    requests, found = _asked(httpx.Response(200, json=_CONTENT))
    assert found == [
        Limit("DailyDeliveredPlatformEvents", 50_000, 49_000),
        Limit("DailyStreamingApiEvents", 200_000, 0),
        Limit("DurableStreamingApiConcurrentClients", 20, 17),
        Limit("HourlyPublishedPlatformEvents", 250_000, 250_000),
    ]
    assert [str(request.url) for request in requests] == ["https://my-org.my.salesforce.com/services/data/v58.0/limits"]
    assert requests[0].headers["Authorization"] == "Bearer secret-token"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "INVALID_SESSION_ID", InvalidTokenError),
        (403, "REQUEST_LIMIT_EXCEEDED", QuotaError),
        (403, "LIMIT_EXCEEDED", QuotaError),
        (404, "NOT_FOUND", RestError),
    ],
)
def test_error_codes_have_their_class(status: int, code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        _asked(httpx.Response(status, json=[{"message": "no", "errorCode": code}]))
    assert isinstance(caught.value, RestError)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert code in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(503, text="<html>"),
        httpx.Response(500, json=["odd"]),
        httpx.Response(400, json={"errorCode": 7}),
    ],
)
def test_an_invalid_response_is_an_error(answer: httpx.Response) -> None:
    with pytest.raises(RestError, match=f"HTTP {answer.status_code}"):
        _asked(answer)


def test_no_response_is_an_error() -> None:
    with pytest.raises(RestError, match="ConnectError: no route") as caught:
        _asked(httpx.ConnectError("no route"))
    assert caught.value.status is None
