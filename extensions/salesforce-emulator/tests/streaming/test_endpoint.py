from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import eventually, in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator


@in_loop
async def test_a_session_over_http() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        held = asyncio.create_task(client.numbers())
        await org.recorder.received("/meta/connect")
        await org.publish(ORDERS, {"Number__c": 1})
        assert await held == [1]


@in_loop
async def test_the_cookies_of_a_handshake() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        response = await client.handshake()
        balancer, browser, tracker = response.headers.get_list("set-cookie")
        assert balancer.startswith("sfdc-stream=!")
        assert "; Path=/; Expires=" in balancer
        assert browser.startswith("BAYEUX_BROWSER=")
        assert tracker.startswith("BrowserId=")
        assert "set-cookie" not in (await client.connect()).headers
        org.rebalance()
        [balancer] = (await client.connect()).headers.get_list("set-cookie")
        assert balancer.startswith("sfdc-stream=!")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@in_loop
async def test_only_post_is_accepted(method: str) -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        assert (await client.http.request(method, org.endpoint)).status_code == 405


@pytest.mark.parametrize(
    ("options", "media_type", "body", "status"),
    [
        ({}, "application/json", b"[{]", 400),
        ({}, "application/json", b"[]", 400),
        ({}, "application/json", b"[1]", 400),
        ({}, "text/plain", b"[{}]", 415),
        ({}, "application/x-www-form-urlencoded", b"message=[{}]", 415),
        ({"media_type_status": 400}, "text/plain", b"[{}]", 400),
        ({"forms": True}, "application/x-www-form-urlencoded", b"message=%5B%7B%7D%5D", 200),
        ({}, "Application/JSON; charset=UTF-8", b'{"channel": "/meta/connect"}', 200),
        ({}, "application/json", b"[" + b" " * 32_767 + b"]", 413),
        ({}, "application/json", b"[{}" + b" " * 32_764 + b"]", 200),
    ],
)
@in_loop
async def test_malformed_requests(options: Any, media_type: str, body: bytes, status: int) -> None:
    async with SalesforceEmulator(**options) as org, HttpClient(org) as client:
        response = await client.http.post(org.endpoint, content=body, headers={"Content-Type": media_type})
        assert response.status_code == status
        assert org.requests[-1].status == status
        assert org.requests[-1].body == body


@in_loop
async def test_request_that_is_too_large() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        response = await client.post({"channel": "/meta/connect", "padding": "x" * 32_768})
        assert response.text == "413::Maximum Request Size Exceeded"


@pytest.mark.parametrize(
    ("options", "path", "why"),
    [
        ({}, "/cometd/67.0", None),
        ({}, "/cometd/67.0/", None),
        ({}, "/cometd/37.0", None),
        ({}, "/cometd/36.0", "400::Unsupported API version. Only API versions '37.0' and later are supported."),
        ({}, "/cometd/68.0", "400::Unsupported API version."),
        ({}, "/cometd/latest", "400::Unsupported API version."),
        ({}, "/cometd", "400::API version in the URI is mandatory. URI format: '/cometd/67.0'"),
        ({}, "/cometd/", "400::API version in the URI is mandatory."),
        ({"old_versions": "latest"}, "/cometd/36.0", None),
        ({"old_versions": "latest"}, "/cometd/68.0", "400::Unsupported API version."),
    ],
)
@in_loop
async def test_the_version_in_the_path(options: Any, path: str, why: str | None) -> None:
    async with SalesforceEmulator(**options) as org, HttpClient(org) as client:
        [reply] = (await client.post({"channel": "/meta/handshake"}, url=org.url + path)).json()
        assert reply["successful"] is (why is None)
        if why is not None:
            assert reply["ext"]["sfdc"]["failureReason"].startswith(why)


@in_loop
async def test_path_with_the_message_type_is_not_found() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        assert (await client.post({}, url=f"{org.endpoint}/handshake")).status_code == 404


@in_loop
async def test_of_two_connects_the_older_fails() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        await client.join()
        older = asyncio.create_task(client.connect())
        await org.recorder.received("/meta/connect")
        younger = asyncio.create_task(client.connect())
        assert (await older).status_code == 500
        org.rebalance()
        assert (await younger).json()[0]["successful"]


@in_loop
async def test_client_that_leaves_receives_its_events_later() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        held = asyncio.create_task(client.connect())
        await org.recorder.received("/meta/connect")
        held.cancel()
        await eventually(lambda: org.sessions[0].hold is None)
        assert org.requests[-1].answered is not None
        assert org.requests[-1].status is None
        await org.publish(ORDERS, {"Number__c": 1})
        assert await client.numbers() == [1]


@in_loop
async def test_held_connect_is_answered_after_its_timeout() -> None:
    async with SalesforceEmulator(timeout=1, time_scale=100) as org, HttpClient(org) as client:
        await client.join()
        assert (await client.connect()).json()[0]["successful"]
        [request] = org.requests
        assert request.answered is not None
        assert request.answered - request.time >= 1


@in_loop
async def test_recorded_requests() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        await client.handshake(id="1")
        [request] = org.requests
        assert request.method == "POST"
        assert request.path == "/cometd/67.0"
        assert request.headers["authorization"].startswith("Bearer 00D")
        assert request.messages[0]["channel"] == "/meta/handshake"
        assert request.replies[0]["clientId"] == client.client_id
        assert request.peer.startswith("127.0.0.1:")
        assert request.time <= (request.answered or 0)
        assert request.fault is None


@in_loop
async def test_replies_of_ten_megabytes() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        org.define("/u/News")
        await client.join("/u/News")
        for _ in range(11):
            await org.publish("/u/News", "x" * 1_000_000)
        response = await client.connect()
        assert len(response.content) > 11_000_000
        assert len(response.json()) == 12


@pytest.mark.parametrize("path", ["/cometd/67.0", "/services/oauth2/token"])
@in_loop
async def test_client_that_leaves_during_its_request(path: str) -> None:
    async with SalesforceEmulator() as org:
        _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(org.url).port)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with HttpClient(org) as client:
            assert (await client.handshake()).json()[0]["successful"]
        assert len(org.requests) == 1


@in_loop
async def test_stopping_cuts_held_connects() -> None:
    async with SalesforceEmulator() as org:
        client = await HttpClient(org).join()
        held = asyncio.create_task(client.connect())
        await org.recorder.received("/meta/connect")
    with pytest.raises(httpx.RemoteProtocolError):
        await held
    await client.http.aclose()
