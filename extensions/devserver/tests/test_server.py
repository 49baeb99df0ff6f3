from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer, Options


@in_loop
async def test_two_servers_have_their_own_ports() -> None:
    async with DevServer() as one, DevServer(path="/bayeux") as other:
        assert one.url != other.url
        assert other.url.endswith("/bayeux")


@in_loop
async def test_a_port_that_is_taken() -> None:
    async with DevServer() as server:
        with pytest.raises(OSError):
            await DevServer(port=httpx.URL(server.url).port or 0).__aenter__()


def test_unknown_options_are_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        DevServer(nonsense=1)


@in_loop
async def test_publish_and_push() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join("/a")
        replay_id = await server.publish("/a", {"n": 1})
        await server.push({"channel": "/service/x", "data": 2}, client.client_id)
        event, pushed = await client.events()
        assert event["event"]["replayId"] == replay_id
        assert pushed == 2
        assert server.sessions == [client.client_id]


@in_loop
async def test_a_restart_forgets_sessions_and_keeps_the_log() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join("/a")
        await server.publish("/a", {"n": 1})
        await client.connect()
        url, connect = server.url, asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect", 2)
        await server.restart(0)
        assert server.url == url
        with pytest.raises(httpx.RemoteProtocolError):
            await connect
        assert (await client.connect()).json()[0]["error"] == "402::session_unknown"
        await client.handshake()
        await client.ask("/meta/subscribe", subscription="/a", ext={"replay": {"/a": -2}})
        assert [message["data"]["n"] for message in server.recorder.requests[-1].replies if "data" in message] == [1]


@in_loop
async def test_connections_are_refused_while_a_restart_pauses() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        held = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        server.restart_soon(3600)
        with pytest.raises(httpx.RemoteProtocolError):
            await held
        with pytest.raises(httpx.ConnectError):
            await client.connect()


@in_loop
async def test_stopping_cuts_held_connects() -> None:
    async with DevServer() as server:
        client = await PollingClient(server).join()
        connect = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
    with pytest.raises(httpx.RemoteProtocolError):
        await connect
    await client.http.aclose()


def test_server_on_its_own_thread() -> None:
    with DevServer(replay=False) as server, httpx.Client() as http:
        asked = {"channel": "/meta/handshake", "supportedConnectionTypes": ["long-polling"]}

        def send(**message: Any) -> Any:
            return http.post(server.url, json=[message]).json()

        client_id = send(**asked)[0]["clientId"]
        assert server.sessions == [client_id]
        assert send(channel="/meta/subscribe", subscription="/a", clientId=client_id)[0]["successful"]
        assert server.publish("/a", 1) is None
        server.push({"channel": "/x", "data": 2}, client_id)
        messages = send(channel="/meta/connect", connectionType="long-polling", clientId=client_id)
        assert [message["data"] for message in messages[:2]] == [1, 2]
        assert len(server.received("/meta/connect")) == 1
        assert server.recorder.messages("/meta/subscribe")[0]["subscription"] == "/a"
        assert server.faults.drop_sessions() == 1
        token = server.tokens.issue()
        server.faults.expire_token(token)
        server.restart(0)
        assert httpx.get(server.control_url + "/").status_code == 200
        with pytest.raises(TimeoutError):
            server.received("/never", timeout=0)


def test_server_that_cannot_start_leaves_no_thread() -> None:
    with DevServer() as server:
        port = httpx.URL(server.url).port or 0
        with pytest.raises(OSError), DevServer(port=port):
            pass


def test_package_exports_its_public_names() -> None:
    import pybayeux_devserver

    for name in pybayeux_devserver.__all__:
        assert getattr(pybayeux_devserver, name).__name__ == name
    assert Options().path == "/cometd"
    with pytest.raises(AttributeError, match="nonsense"):
        pybayeux_devserver.nonsense  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("host", "origin"), [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("::1", "http://[::1]:1")]
)
def test_get_request_is_answered(host: str, origin: str) -> None:
    assert DevServer(host=host, port=1).url == origin + "/cometd"
