from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from extensions.devserver.tests.socket_client import SocketClient
from pybayeux_devserver import DevServer

TYPES = ("websocket", "long-polling")


def _server(**options: Any) -> DevServer:
    return DevServer(**{"replay": False, "connection_types": TYPES, **options})


async def _refusal(server: DevServer, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        await SocketClient(server, headers=headers).__aenter__()
    return refusal.value.response.status_code


@in_loop
async def test_an_upgrade_is_recorded() -> None:
    async with _server() as server, SocketClient(server, headers={"X-Mine": "yes"}) as client:
        await client.handshake()
        upgrade, frame = server.recorder.requests
        assert (upgrade.transport, upgrade.status, upgrade.messages) == ("websocket", 101, ())
        assert upgrade.headers["x-mine"] == frame.headers["x-mine"] == "yes"
        assert (frame.path, frame.status, frame.transport) == ("/cometd", 200, "websocket")
        assert frame.replies[0]["clientId"] == client.client_id


@in_loop
async def test_upgrade_is_refused_unless_offered() -> None:
    async with _server(connection_types=("long-polling",)) as server:
        assert await _refusal(server) == 403
        assert not server.recorder.requests


@pytest.mark.parametrize(
    ("ours", "offered", "agreed"),
    [(None, ["bayeux"], None), ("bayeux", ["other", "bayeux"], "bayeux"), ("bayeux", None, None)],
)
@in_loop
async def test_configured_subprotocol_is_accepted(
    ours: str | None, offered: list[Any] | None, agreed: str | None
) -> None:
    async with _server(subprotocol=ours) as server, SocketClient(server, subprotocols=offered) as client:
        assert client.socket.subprotocol == agreed


@pytest.mark.parametrize("deflate", [False, True])
@in_loop
async def test_configured_compression_is_accepted(deflate: bool) -> None:
    from websockets.asyncio.client import connect

    async with _server(deflate=deflate) as server, connect(server.url.replace("http", "ws"), proxy=None) as socket:
        assert socket.response is not None
        assert ("Sec-WebSocket-Extensions" in socket.response.headers) is deflate
        await socket.send('{"channel": "/meta/handshake"}')
        assert "301" in str(await socket.recv())


@in_loop
async def test_a_refused_upgrade() -> None:
    async with _server() as server:
        server.faults.refuse_websocket()
        server.faults.refuse_websocket(status=403)
        server.faults.unavailable(retry_after=2, status=502)
        assert [await _refusal(server) for _ in range(3)] == [503, 403, 502]
        assert [request.status for request in server.recorder.requests] == [503, 403, 502]
        async with SocketClient(server) as client:
            assert (await client.handshake())["successful"]


@in_loop
async def test_refused_upgrades_do_not_affect_requests() -> None:
    async with _server() as server, PollingClient(server) as client:
        server.faults.refuse_websocket()
        assert (await client.handshake()).status_code == 200
        assert await _refusal(server) == 503


@in_loop
async def test_fault_for_a_channel_does_not_affect_upgrades() -> None:
    async with _server() as server:
        server.faults.unavailable(channel="/meta/handshake")
        async with SocketClient(server):
            pass


@in_loop
async def test_an_upgrade_that_is_never_answered() -> None:
    async with _server() as server:
        server.faults.hang_websocket()
        opening = asyncio.create_task(SocketClient(server).__aenter__())
        await server.recorder.upgrades()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert server.recorder.requests[-1].status is None
        async with SocketClient(server):
            pass


@in_loop
async def test_server_stops_while_an_upgrade_hangs() -> None:
    async with _server() as server:
        server.faults.hang_websocket()
        opening = asyncio.create_task(SocketClient(server).__aenter__())
        await server.recorder.upgrades()
    with pytest.raises(InvalidMessage):
        await opening


@in_loop
async def test_lost_upgrade() -> None:
    async with _server() as server:
        server.faults.lose_requests()
        with pytest.raises(InvalidMessage):
            await SocketClient(server).__aenter__()


@in_loop
async def test_invalid_token_is_refused_with_the_upgrade() -> None:
    async with _server(tokens=("good",), auth_style="http") as server:
        assert await _refusal(server, Authorization="Bearer bad") == 401
        async with SocketClient(server, headers={"Authorization": "Bearer good"}) as client:
            assert (await client.handshake())["successful"]
        async with SocketClient(server) as client:
            assert (await client.handshake(ext={"token": "good"}))["successful"]
        async with SocketClient(server) as client:
            await client.send({"channel": "/meta/handshake", "supportedConnectionTypes": ["websocket"]})
            assert await client.closed() == 1008


@in_loop
async def test_other_auth_styles_refuse_in_messages() -> None:
    async with (
        _server(tokens=("good",)) as server,
        SocketClient(server, headers={"Authorization": "Bearer bad"}) as client,
    ):
        assert (await client.handshake())["error"] == "401::Authentication invalid"


@in_loop
async def test_a_session_moves_from_one_transport_to_the_other_and_back() -> None:
    async with _server(cookie_on_websocket=True) as server, PollingClient(server) as client:
        await client.join("/a")
        cookie = f"BAYEUX_BROWSER={client.http.cookies['BAYEUX_BROWSER']}"
        async with SocketClient(server, client.client_id, {"Cookie": cookie}) as socket:
            assert (await socket.ask("/meta/connect", connectionType="websocket", advice={"timeout": 0}))["successful"]
            await server.publish("/a", 1)
            assert (await socket.message())["data"] == 1
            held = asyncio.create_task(client.events())
            await server.recorder.received("/meta/connect", 2)
            await server.publish("/a", 2)
            assert await held == [2]


@pytest.mark.parametrize("asked", [False, True])
@in_loop
async def test_cookie_on_websocket_is_an_option(asked: bool) -> None:
    async with _server(cookie_on_websocket=asked) as server, PollingClient(server) as client:
        await client.join()
        async with SocketClient(server, client.client_id) as socket:
            reply = await socket.ask("/meta/connect", connectionType="websocket", advice={"timeout": 0})
            assert reply.get("error") == ("402::session_unknown" if asked else None)
            assert reply["advice"]["reconnect"] == ("handshake" if asked else "retry")


@in_loop
async def test_session_from_a_websocket_is_bound_to_the_cookie_of_the_upgrade() -> None:
    async with _server() as server, PollingClient(server) as client:
        for cookie, successful in [("", True), ("BAYEUX_BROWSER=mine", False)]:
            async with SocketClient(server, headers={"Cookie": cookie}) as socket:
                await socket.join()
                client.client_id = socket.client_id
                reply = (await client.connect(advice={"timeout": 0})).json()[0]
                assert reply["successful"] is successful
