from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest

from pybayeux_salesforce import InvalidTokenError, QuotaError, RestError
from pybayeux_salesforce.rest import ApiUsage, RestClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

_BASE = "https://my-org.my.salesforce.com/services/data/v58.0"


def _run(
    use: Callable[[RestClient], Awaitable[T]], *answers: httpx.Response | Exception
) -> tuple[list[httpx.Request], T]:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        answer = answers[len(requests)]
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> T:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            rest = RestClient("https://my-org.my.salesforce.com/", "secret-token", "58.0", http=http)
            return await use(rest)

    result = asyncio.run(scenario())
    return requests, result


def _get(answer: httpx.Response | Exception) -> Any:
    return _run(lambda rest: rest.get("limits"), answer)[1]


def test_a_request_has_the_version_and_the_token() -> None:
    requests, found = _run(lambda rest: rest.get("limits"), httpx.Response(200, json={"A": 1}))
    assert found == {"A": 1}
    assert [str(request.url) for request in requests] == [f"{_BASE}/limits"]
    assert requests[0].headers["Authorization"] == "Bearer secret-token"


def test_records_are_created_changed_and_deleted() -> None:
    async def use(rest: RestClient) -> Any:
        created = await rest.post("sobjects/PushTopic", {"Name": "A"})
        await rest.patch(f"sobjects/PushTopic/{created['id']}", {"Name": "B"})
        await rest.delete(f"sobjects/PushTopic/{created['id']}")

    answers = (httpx.Response(201, json={"id": "0IF1"}), httpx.Response(204), httpx.Response(204))
    requests, _ = _run(use, *answers)
    assert [(each.method, each.url.path.rpartition("/")[2]) for each in requests] == [
        ("POST", "PushTopic"),
        ("PATCH", "0IF1"),
        ("DELETE", "0IF1"),
    ]
    assert json.loads(requests[1].content) == {"Name": "B"}


def test_all_pages_of_a_query_are_read() -> None:
    async def use(rest: RestClient) -> Any:
        return [record["Id"] async for record in rest.query("SELECT Id FROM Account WHERE Name = 'A&B'")]

    following = "/services/data/v58.0/query/01g-2000"
    answers = (
        httpx.Response(200, json={"records": [{"Id": 1}], "nextRecordsUrl": following}),
        httpx.Response(200, json={"records": [{"Id": 2}], "done": True}),
    )
    requests, found = _run(use, *answers)
    assert found == [1, 2]
    assert requests[0].url.params["q"] == "SELECT Id FROM Account WHERE Name = 'A&B'"
    assert requests[1].url.path == following


def test_a_query_without_records_is_an_error() -> None:
    async def use(rest: RestClient) -> Any:
        return [record async for record in rest.query("SELECT Id FROM Account")]

    with pytest.raises(RestError, match="expected records"):
        _run(use, httpx.Response(200, json={"records": 7}))


def test_the_usage_is_that_of_the_last_answer() -> None:
    async def use(rest: RestClient) -> Any:
        found: list[ApiUsage | None] = [rest.usage]
        for _ in range(2):
            await rest.get("limits")
            found.append(rest.usage)
        return found

    info = {"Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=sample-connected-app)"}
    answers = (httpx.Response(200, json={}, headers=info), httpx.Response(200, json={}))
    assert _run(use, *answers)[1] == [None, ApiUsage(18, 5000), ApiUsage(18, 5000)]


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
        _get(httpx.Response(status, json=[{"message": "no", "errorCode": code}]))
    assert isinstance(caught.value, RestError)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert code in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("TotalRequests Limit exceeded.", True), ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", False)],
)
def test_the_end_of_a_daily_limit_is_told(text: str, ends: bool) -> None:
    before = datetime.now(UTC)
    with pytest.raises(QuotaError) as caught:
        _get(httpx.Response(403, json=[{"message": text, "errorCode": "REQUEST_LIMIT_EXCEEDED"}]))
    error = caught.value
    assert (error.ends_by is not None) == ends
    assert ("it ends by" in str(error)) == ends
    if error.ends_by is not None:
        assert before + timedelta(days=1) <= error.ends_by <= datetime.now(UTC) + timedelta(days=1)


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
        _get(answer)


def test_no_response_is_an_error() -> None:
    with pytest.raises(RestError, match="ConnectError: no route") as caught:
        _get(httpx.ConnectError("no route"))
    assert caught.value.status is None
