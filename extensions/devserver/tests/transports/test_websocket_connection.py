from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.json import encode
from starlette.websockets import WebSocket

from extensions.devserver.tests.engine_client import EngineClient, eventually, in_loop
from extensions.devserver.tests.polling_client import PollingClient
from extensions.devserver.tests.socket_client import SocketClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.faults.faults import Faults
from pybayeux_devserver.listener import Sockets
from pybayeux_devserver.recorder import Recorder
from pybayeux_devserver.transports.websocket_connection import WebSocketConnection

if TYPE_CHECKING:
    from starlette.types import Message

ACK = {"ack": True}


def _server(**options: Any) -> DevServer:
    types = ("websocket", "long-polling")
    return DevServer(**{"replay": False, "cookie": False, "connection_types": types, **options})


@in_loop
async def test_a_conversation() -> None:
    async with _server() as server, SocketClient(server) as client:
        reply = await client.handshake(id="1")
        assert reply["supportedConnectionTypes"] == ["websocket", "long-polling"]
        assert reply["id"] == "1"
        assert (await client.ask("/meta/connect", connectionType="websocket"))["advice"]["reconnect"] == "retry"
        assert (await client.ask("/meta/subscribe", subscription="/a"))["successful"]
        await client.hold()
        await server.publish("/a", "ü")
        assert await client.message() == {"channel": "/a", "data": "ü"}
        assert (await client.ask("/meta/unsubscribe", subscription="/a"))["successful"]
        await client.send(client.about("/meta/disconnect"))
        replies = {reply["channel"]: reply for reply in [await client.message(), await client.message()]}
        assert replies["/meta/disconnect"]["successful"]
        assert replies["/meta/connect"]["advice"]["reconnect"] == "none"
        assert server.sessions == []


@in_loop
async def test_a_held_connect_blocks_nothing() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold(id="1")
        assert (await client.ask("/a", data=1, id="2"))["id"] == "2"
        server.engine.wake()
        assert (await client.message())["id"] == "1"


@in_loop
async def test_held_connect_is_answered_after_its_timeout() -> None:
    async with _server(timeout=0.01) as server, SocketClient(server) as client:
        await client.join()
        assert await client.ask("/meta/connect", connectionType="websocket") == {
            "channel": "/meta/connect",
            "successful": True,
        }


@in_loop
async def test_events_need_no_connect() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.handshake()
        await client.ask("/meta/subscribe", subscription="/a")
        await server.publish("/a", 1)
        assert (await client.message())["data"] == 1


@in_loop
async def test_own_event_comes_before_the_reply_with_the_same_id() -> None:
    async with _server(event_ids=True) as server, SocketClient(server) as client:
        await client.join("/a")
        event = await client.ask("/a", data=1, id="5")
        assert event == {"channel": "/a", "data": 1, "id": "5"}
        assert await client.message() == {"channel": "/a", "id": "5", "successful": True}


@in_loop
async def test_the_replies_to_one_frame_share_one() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.send(client.about("/a", data=1, id="1"), client.connect_message(id="2"))
        assert [reply["id"] for reply in await client.frame()] == ["1", "2"]


@pytest.mark.parametrize(("per_frame", "sizes"), [(1, [1, 1, 1]), (2, [2, 1])])
@in_loop
async def test_messages_per_frame(per_frame: int, sizes: list[int]) -> None:
    async with _server(messages_per_frame=per_frame) as server, SocketClient(server) as client:
        await client.join("/a")
        for number in range(3):
            await server.publish("/a", number)
        assert [len(await client.frame()) for _ in sizes] == sizes


@pytest.mark.parametrize("order", ["events-first", "reply-first"])
@in_loop
async def test_connect_replies_only_carry_events_with_acknowledgement(order: str) -> None:
    async with _server(order=order) as server, SocketClient(server) as client:
        await client.join("/a", ext=ACK)
        assert (await client.ask("/a", data=1))["successful"]
        await client.send(client.connect_message(ext={"ack": 1}))
        frames = [await client.message(), await client.message()]
        reply, event = frames if order == "reply-first" else reversed(frames)
        assert event == {"channel": "/a", "data": 1}
        assert reply["ext"] == {"ack": 2}
        await client.hold(ext={"ack": 2})
        await server.publish("/a", 2)
        assert {message.get("data") for message in [await client.message(), await client.message()]} == {2, None}


@in_loop
async def test_connect_only_without_acknowledgement() -> None:
    async with _server(connect_only=True) as server, SocketClient(server) as client:
        await client.join("/a")
        assert (await client.ask("/a", data=1))["successful"]
        await client.send(client.connect_message())
        assert [(await client.message()).get("data") for _ in range(2)] == [1, None]


@pytest.mark.parametrize("text", ["not json", "[]", "7", b"[{}]"])
@in_loop
async def test_malformed_frame_closes_the_websocket(text: str | bytes) -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.socket.send(text)
        assert await client.closed() == 1011
        assert len(server.sessions) == 1


@in_loop
async def test_an_unknown_session() -> None:
    async with _server(unknown_session="403::Unknown client") as server, SocketClient(server) as client:
        assert (await client.ask("/meta/subscribe", subscription="/a"))["error"] == "403::Unknown client"
        assert (await client.ask("/meta/connect", connectionType="websocket"))["advice"]["reconnect"] == "handshake"


@in_loop
async def test_events_that_a_closed_websocket_did_not_take_are_kept() -> None:
    async with _server() as server:
        async with SocketClient(server) as client:
            await client.join("/a")
            await client.hold()
            client.socket.transport.abort()
        await eventually(lambda: server.engine.sessions[0].stream is None)
        assert server.engine.sessions[0].hold is None
        await server.publish("/a", 1)
        async with SocketClient(server, client.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["data"] == 1


@in_loop
async def test_the_older_of_two_connects_is_never_answered() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold(id="1")
        await client.hold(id="2")
        server.engine.wake()
        assert (await client.message())["id"] == "2"
        assert (await client.ask("/a", data=1, id="3"))["id"] == "3"
        assert [request.status for request in server.recorder.requests] == [500, 200, 200]
        assert [request.fault for request in server.recorder.requests] == ["not answered", None, None]


@in_loop
async def test_session_dropped_at_once_closes_its_websocket_after_the_reply() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold()
        assert server.faults.drop_sessions() == 1
        assert await client.message() == {"channel": "/meta/connect", "successful": True}
        assert await client.closed() == 1000


@in_loop
async def test_without_a_held_connect_it_closes_immediately() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        server.faults.drop_sessions()
        assert await client.closed() == 1000


@in_loop
async def test_session_dropped_as_by_cometd_keeps_the_websocket_open() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold()
        server.faults.drop_sessions(at_once=False)
        assert (await client.ask("/a", data=1))["error"] == "402::session_unknown"


@in_loop
async def test_disconnected_sessions_receive_a_disconnect() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold()
        server.faults.disconnect_sessions()
        assert await client.message() == {"channel": "/meta/disconnect", "successful": True}
        assert (await client.message())["advice"]["reconnect"] == "none"


@in_loop
async def test_an_expired_token_fails_the_held_connect_at_once() -> None:
    for style in ("bayeux", "http"):
        async with (
            _server(tokens=("good",), auth_style=style) as server,
            SocketClient(server, headers={"Authorization": "Bearer good"}) as client,
        ):
            await client.join()
            await client.hold()
            server.faults.expire_token()
            if style == "bayeux":
                assert (await client.message())["error"] == "401::Authentication invalid"
            else:
                assert await client.closed() == 1008


@in_loop
async def test_lost_reply_cuts_the_websocket() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join("/a")
        server.faults.lose_replies(channel="/b")
        await client.send(client.about("/b", data=1))
        assert await client.closed() is None
        assert server.recorder.messages("/b")


@in_loop
async def test_lost_request_cuts_the_websocket_and_is_not_handled() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join("/a")
        server.faults.lose_requests(channel="/a")
        await client.send(client.about("/a", data=1))
        assert await client.closed() is None
        async with SocketClient(server, client.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket", advice={"timeout": 0}))["successful"]


@pytest.mark.parametrize("fault", ["lose_replies", "truncate_replies"])
@pytest.mark.parametrize("channel", [None, "/meta/connect"])
@in_loop
async def test_pushed_events_are_lost_with_plans_for_replies_with_events(fault: str, channel: str | None) -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join("/a")
        getattr(server.faults, fault)(channel=channel, with_events=True)
        assert (await client.ask("/b", data=1))["successful"]
        await server.publish("/a", 1)
        assert await client.closed() is None
        await server.publish("/a", 2)
        async with SocketClient(server, client.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["data"] == 2


@in_loop
async def test_other_plans_do_not_affect_pushed_events() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join("/a")
        server.faults.lose_replies()
        await server.publish("/a", 1)
        assert (await client.message())["data"] == 1


@in_loop
async def test_truncated_reply_loses_its_events() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join("/a", ext=ACK)
        await server.publish("/a", 1)
        await server.publish("/a", "x" * 1000)
        server.faults.truncate_replies()
        await client.send(client.connect_message(ext={"ack": 1}))
        assert (await client.message())["data"] == 1
        assert await client.closed() is None


@in_loop
async def test_held_replies_are_sent_when_released() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        server.faults.hold_replies(channel="/a")
        await client.send(client.about("/a", data=1, id="1"))
        assert (await client.ask("/b", data=1, id="2"))["id"] == "2"
        server.faults.release_replies()
        assert (await client.message())["id"] == "1"


@in_loop
async def test_dropped_session_closes_its_websocket_after_a_delayed_reply() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        server.faults.hold_replies(channel="/meta/connect")
        await client.hold()
        server.faults.drop_sessions()
        assert (await client.ask("/a", data=1))["error"] == "402::session_unknown"
        server.faults.release_replies()
        assert (await client.message())["channel"] == "/meta/connect"
        assert await client.closed() == 1000


@in_loop
async def test_reply_that_is_not_bayeux() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        server.faults.answer_instead(body="<html>")
        await client.send(client.about("/a", data=1))
        assert await client.socket.recv() == "<html>"
        server.faults.unavailable()
        await client.send(client.about("/a", data=1))
        assert await client.closed() == 1013
        assert [request.status for request in server.recorder.requests] == [200, 503]


@pytest.mark.parametrize("code", [1001, 4000, None])
@in_loop
async def test_closing_all_websockets(code: int | None) -> None:
    async with _server() as server, SocketClient(server) as one, SocketClient(server) as other:
        await one.join()
        await other.join()
        assert server.faults.close_websockets(code=code) == 2
        assert [await one.closed(), await other.closed()] == [code, code]
        assert len(server.sessions) == 2


@in_loop
async def test_restart_cuts_websockets() -> None:
    async with _server() as server, SocketClient(server) as client:
        await client.join()
        await client.hold()
        await server.restart(0)
        assert await client.closed() is None
        async with SocketClient(server, client.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["error"] == "402::session_unknown"


@pytest.mark.parametrize("order", ["reply-first", "events-first"])
@in_loop
async def test_events_delivered_with_the_handshake(order: str) -> None:
    greeting = [{"channel": "/hello", "data": number} for number in range(2)]
    options = {"on_handshake": lambda _: greeting, "deliver_with_handshake": True, "handshake_order": order}
    async with _server(**options) as server, SocketClient(server) as client:
        await client.send({"channel": "/meta/handshake", "supportedConnectionTypes": ["websocket"], "ext": ACK})
        frames = [await client.message() for _ in range(3)]
        reply = frames.pop(0 if order == "reply-first" else -1)
        assert frames == greeting
        assert reply["x-messages"] == 2
        assert reply["ext"] == {"ack": {"enabled": True, "batch": 1}}


@in_loop
async def test_queued_events_of_a_new_session_follow_its_first_message() -> None:
    greeting = [{"channel": "/hello", "data": 1}]
    async with _server(on_handshake=lambda _: greeting) as server, SocketClient(server) as client:
        assert "x-messages" not in await client.handshake()
        assert await client.ask("/meta/subscribe", subscription="/a") == greeting[0]
        assert (await client.message())["channel"] == "/meta/subscribe"


@in_loop
async def test_request_over_http_carries_no_events_of_a_websocket_session() -> None:
    async with _server() as server, SocketClient(server) as client, PollingClient(server) as beside:
        await client.join("/a")
        beside.client_id = client.client_id
        assert len((await beside.ask("/a", data=1)).json()) == 1
        assert (await client.message())["data"] == 1


@in_loop
async def test_events_of_a_refused_frame_and_later_ones_are_put_back() -> None:
    run = EngineClient(replay=False).join("/a")
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if len(sent) == 3:
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
            raise ConnectionResetError
        sent.append(message)

    cookie = f"BAYEUX_BROWSER={run.caller.browser}".encode()
    headers = [(b"cookie", cookie), (b"host", b"x")]
    scope = {"type": "websocket", "scheme": "ws", "path": "/cometd", "query_string": b"", "headers": headers}
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": encode(run.connect_message()).decode()})
    for number in range(3):
        run.engine.publish("/a", number)
    websocket = WebSocket(scope, incoming.get, send)
    await websocket.accept()
    await WebSocketConnection(websocket, run.engine, Faults(run.engine, Sockets()), Recorder(), Sockets()).run()
    assert len(sent) == 3
    assert run.events() == [2]
