from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from extensions.devserver.tests.socket_client import SocketClient
from pybayeux_devserver import DevServer


@in_loop
async def test_publish_and_overview() -> None:
    async with DevServer() as server, PollingClient(server) as client, httpx.AsyncClient() as http:
        await client.join("/b", "/a")
        published = await http.post(f"{server.control_url}/publish", json={"channel": "/a", "data": {"n": 1}})
        [event] = await client.events()
        assert event["event"]["replayId"] == published.json()["replayId"]
        overview = (await http.get(f"{server.control_url}/")).json()
        assert overview == {
            "url": server.url,
            "connectionTypes": ["websocket", "long-polling", "callback-polling"],
            "advice": {"reconnect": "retry", "interval": 0, "timeout": 30000},
            "ext": {"ack": True, "replay": True, "tokens": False},
            "planned": 0,
            "sessions": [
                {
                    "clientId": client.client_id,
                    "connectionType": "long-polling",
                    "subscriptions": ["/a", "/b"],
                    "held": False,
                    "queued": 0,
                    "ack": False,
                }
            ],
            "channels": [{"channel": "/a", "subscribers": 1}, {"channel": "/b", "subscribers": 1}],
        }


@in_loop
async def test_publish_with_a_replay_id_and_an_ext() -> None:
    async with DevServer() as server, PollingClient(server) as client, httpx.AsyncClient() as http:
        await client.join("/a")
        event = {"channel": "/a", "data": {"n": 1}, "replay_id": 4711, "ext": {"tenant": "acme"}}
        assert (await http.post(f"{server.control_url}/publish", json=event)).json() == {"replayId": 4711}
        [message] = [each for each in (await client.connect()).json() if each["channel"] == "/a"]
        assert message["data"]["event"]["replayId"] == 4711
        assert message["ext"] == {"tenant": "acme"}


@in_loop
async def test_faults_tokens_and_the_record() -> None:
    async with DevServer() as server, PollingClient(server) as client, httpx.AsyncClient() as http:
        fault = await http.post(f"{server.control_url}/faults/unavailable", json={"n": 1, "retry_after": 2})
        assert fault.status_code == 200
        assert (await client.handshake()).headers["retry-after"] == "2"
        token = (await http.post(f"{server.control_url}/tokens")).json()["token"]
        client.http.headers["Authorization"] = f"Bearer {token}"
        assert (await client.handshake()).json()[0]["successful"]
        await http.delete(f"{server.control_url}/tokens")
        assert not (await client.handshake()).json()[0]["successful"]
        recorded = (await http.get(f"{server.control_url}/requests")).json()
        assert [request["status"] for request in recorded] == [503, 200, 200]
        await http.delete(f"{server.control_url}/requests")
        assert (await http.get(f"{server.control_url}/requests")).json() == []


@in_loop
async def test_websocket_faults() -> None:
    async with (
        DevServer(connection_types=("websocket",)) as server,
        SocketClient(server) as client,
        httpx.AsyncClient() as http,
    ):
        await client.join()
        await client.ask("/a", data=1)
        [recorded] = (await http.get(f"{server.control_url}/requests")).json()
        assert recorded["transport"] == "websocket"
        assert recorded["messages"][0]["channel"] == recorded["replies"][0]["channel"] == "/a"
        for fault in ("refuse_websocket", "hang_websocket"):
            assert (await http.post(f"{server.control_url}/faults/{fault}", json={"n": 2})).status_code == 200
        closed = await http.post(f"{server.control_url}/faults/close_websockets", json={"code": 4000})
        assert closed.json() == 1
        assert await client.closed() == 4000


@in_loop
async def test_restarting() -> None:
    async with DevServer() as server, PollingClient(server) as client, httpx.AsyncClient() as http:
        await client.join()
        held = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        assert (await http.post(f"{server.control_url}/restart", json={"pause": 0})).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await held


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/faults/nonsense", {}, "lose_replies"),
        ("/faults/lose_replies", {"m": 1}, "got an unexpected keyword argument 'm'"),
        ("/publish", {"channel": "/a", "data": 1, "replay_id": 0}, "replay_id: expected more than"),
        ("/publish", {"channel": "/meta/x", "data": 1}, "expected a broadcast channel"),
        ("/publish", {"channel": "/x"}, "missing a required argument: 'data'"),
        ("/publish", [], "array"),
    ],
)
@in_loop
async def test_invalid_requests_are_explained(path: str, body: Any, why: str) -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        response = await http.post(server.control_url + path, json=body)
        assert response.status_code == 400
        assert why in response.text


@in_loop
async def test_a_server_without_control() -> None:
    async with DevServer(control=False) as server, httpx.AsyncClient() as http:
        assert (await http.get(f"{server.control_url}/")).status_code == 404
