from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from extensions.devserver.tests.engine_client import EngineClient, in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.faults.faults import Faults
from pybayeux_devserver.listener import Sockets
from pybayeux_devserver.protocol.exchange import Caller
from pybayeux_devserver.recorder import Recorder
from pybayeux_devserver.transports.polling import Polling, caller_of

if TYPE_CHECKING:
    from starlette.types import Message


@in_loop
async def test_held_connect_is_answered_when_there_is_an_event() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a")
        connect = asyncio.create_task(client.events())
        await server.recorder.received("/meta/connect")
        await server.publish("/a", 1)
        await server.publish("/a", 2)
        assert await connect == [1, 2]


@in_loop
async def test_held_connect_is_answered_after_its_timeout() -> None:
    async with DevServer(timeout=0.01) as server, PollingClient(server) as client:
        await client.join("/a")
        assert (await client.connect()).json() == [{"channel": "/meta/connect", "successful": True}]


@in_loop
async def test_the_older_of_two_connects_fails() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        older = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        assert (await client.connect(advice={"timeout": 0})).status_code == 200
        assert (await older).status_code == 500


@in_loop
async def test_client_that_leaves_receives_its_events_later() -> None:
    run = EngineClient(replay=False).join("/a")
    incoming: list[Message] = [{"type": "http.disconnect"}]

    async def receive() -> Message:
        return incoming.pop(0)

    cookie = f"BAYEUX_BROWSER={run.caller.browser}".encode()
    scope = {"type": "http", "method": "POST", "path": "/cometd", "headers": [(b"cookie", cookie)]}
    polling = Polling(run.engine, Faults(run.engine, Sockets()), Recorder())
    await polling.answer(Request(scope, receive), [run.connect_message()], lambda _: Response(), transport="test")
    assert incoming == []
    assert [session.hold for session in run.engine.sessions] == [None]
    run.engine.publish("/a", 1)
    assert run.events() == [1]


@in_loop
async def test_without_its_cookie_a_session_is_unknown() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        client.http.cookies.clear()
        assert (await client.connect()).json()[0]["error"] == "402::session_unknown"


@in_loop
async def test_a_refused_token_is_an_http_status() -> None:
    async with DevServer(tokens=("good",), auth_style="http") as server:
        async with PollingClient(server, Authorization="Bearer bad") as client:
            response = await client.handshake()
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
        async with PollingClient(server, Authorization="Bearer good") as client:
            assert (await client.handshake()).json()[0]["successful"]


@pytest.mark.parametrize(
    ("header", "caller"),
    [
        ((b"authorization", b"Bearer x"), Caller("x", None)),
        ((b"cookie", b"a=b; BAYEUX_BROWSER=c"), Caller(None, "c")),
        ((b"accept", b"*/*"), Caller()),
    ],
)
def test_caller_of_a_request(header: tuple[bytes, bytes], caller: Caller) -> None:
    assert caller_of(HTTPConnection({"type": "http", "headers": [header]})) == caller


def test_trusted_caller_needs_no_cookie() -> None:
    assert caller_of(HTTPConnection({"type": "websocket", "headers": []}), trusted=True).trusted


@in_loop
async def test_requests_are_recorded_with_their_transport() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.handshake()
        assert [request.transport for request in server.recorder.requests] == ["long-polling"]


@pytest.mark.parametrize(("order", "first"), [("reply-first", "/meta/handshake"), ("events-first", "/hello")])
@in_loop
async def test_events_delivered_with_the_handshake(order: str, first: str) -> None:
    greeting = [{"channel": "/hello", "data": 1}]
    server = DevServer(on_handshake=lambda _: greeting, deliver_with_handshake=True, handshake_order=order)
    async with server, PollingClient(server) as client:
        messages = (await client.handshake()).json()
        assert messages[0]["channel"] == first
        assert sorted(message.get("x-messages", 0) for message in messages) == [0, 1]
