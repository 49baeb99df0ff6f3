from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.json import encode
from starlette.websockets import WebSocket

from extensions.devserver.tests.conversation import Talk, eventually, in_loop
from extensions.devserver.tests.socket_visitor import SocketVisitor
from extensions.devserver.tests.visitor import Visitor
from pybayeux_devserver import DevServer
from pybayeux_devserver.faults import Faults
from pybayeux_devserver.line import OpenLine
from pybayeux_devserver.listener import Sockets
from pybayeux_devserver.recorder import Recorder

if TYPE_CHECKING:
    from starlette.types import Message

ACK = {"ack": True}


def _server(**options: Any) -> DevServer:
    types = ("websocket", "long-polling")
    return DevServer(**{"replay": False, "cookie": False, "connection_types": types, **options})


@in_loop
async def test_a_conversation() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        reply = await visitor.handshake(id="1")
        assert reply["supportedConnectionTypes"] == ["websocket", "long-polling"]
        assert reply["id"] == "1"
        assert (await visitor.ask("/meta/connect", connectionType="websocket"))["advice"]["reconnect"] == "retry"
        assert (await visitor.ask("/meta/subscribe", subscription="/a"))["successful"]
        await visitor.hold()
        await server.publish("/a", "ü")
        assert await visitor.message() == {"channel": "/a", "data": "ü"}
        assert (await visitor.ask("/meta/unsubscribe", subscription="/a"))["successful"]
        await visitor.send(visitor.about("/meta/disconnect"))
        replies = {reply["channel"]: reply for reply in [await visitor.message(), await visitor.message()]}
        assert replies["/meta/disconnect"]["successful"]
        assert replies["/meta/connect"]["advice"]["reconnect"] == "none"
        assert server.sessions == []


@in_loop
async def test_a_held_connect_blocks_nothing() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold(id="1")
        assert (await visitor.ask("/a", data=1, id="2"))["id"] == "2"
        server.engine.wake()
        assert (await visitor.message())["id"] == "1"


@in_loop
async def test_a_held_connect_is_answered_when_its_time_is_over() -> None:
    async with _server(timeout=0.01) as server, SocketVisitor(server) as visitor:
        await visitor.join()
        assert await visitor.ask("/meta/connect", connectionType="websocket") == {
            "channel": "/meta/connect",
            "successful": True,
        }


@in_loop
async def test_events_need_no_connect() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.handshake()
        await visitor.ask("/meta/subscribe", subscription="/a")
        await server.publish("/a", 1)
        assert (await visitor.message())["data"] == 1


@in_loop
async def test_an_event_of_ones_own_comes_before_the_reply_with_the_same_id() -> None:
    async with _server(event_ids=True) as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        event = await visitor.ask("/a", data=1, id="5")
        assert event == {"channel": "/a", "data": 1, "id": "5"}
        assert await visitor.message() == {"channel": "/a", "id": "5", "successful": True}


@in_loop
async def test_the_replies_to_one_frame_share_one() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.send(visitor.about("/a", data=1, id="1"), visitor.connect_message(id="2"))
        assert [reply["id"] for reply in await visitor.frame()] == ["1", "2"]


@pytest.mark.parametrize(("per_frame", "sizes"), [(1, [1, 1, 1]), (2, [2, 1])])
@in_loop
async def test_how_many_events_share_a_frame(per_frame: int, sizes: list[int]) -> None:
    async with _server(messages_per_frame=per_frame) as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        for number in range(3):
            await server.publish("/a", number)
        assert [len(await visitor.frame()) for _ in sizes] == sizes


@pytest.mark.parametrize("order", ["events-first", "reply-first"])
@in_loop
async def test_acknowledged_events_come_with_connect_replies_alone(order: str) -> None:
    async with _server(order=order) as server, SocketVisitor(server) as visitor:
        await visitor.join("/a", ext=ACK)
        assert (await visitor.ask("/a", data=1))["successful"]
        await visitor.send(visitor.connect_message(ext={"ack": 1}))
        frames = [await visitor.message(), await visitor.message()]
        reply, event = frames if order == "reply-first" else reversed(frames)
        assert event == {"channel": "/a", "data": 1}
        assert reply["ext"] == {"ack": 2}
        await visitor.hold(ext={"ack": 2})
        await server.publish("/a", 2)
        assert {message.get("data") for message in [await visitor.message(), await visitor.message()]} == {2, None}


@in_loop
async def test_without_acknowledgement_events_may_be_bound_to_connects_too() -> None:
    async with _server(connect_only=True) as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        assert (await visitor.ask("/a", data=1))["successful"]
        await visitor.send(visitor.connect_message())
        assert [(await visitor.message()).get("data") for _ in range(2)] == [1, None]


@pytest.mark.parametrize("text", ["not json", "[]", "7", b"[{}]"])
@in_loop
async def test_a_malformed_frame_ends_the_socket(text: str | bytes) -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.socket.send(text)
        assert await visitor.closed() == 1011
        assert len(server.sessions) == 1


@in_loop
async def test_an_unknown_session() -> None:
    async with _server(unknown_session="403::Unknown client") as server, SocketVisitor(server) as visitor:
        assert (await visitor.ask("/meta/subscribe", subscription="/a"))["error"] == "403::Unknown client"
        assert (await visitor.ask("/meta/connect", connectionType="websocket"))["advice"]["reconnect"] == "handshake"


@in_loop
async def test_what_a_dead_socket_did_not_take_waits() -> None:
    async with _server() as server:
        async with SocketVisitor(server) as visitor:
            await visitor.join("/a")
            await visitor.hold()
            visitor.socket.transport.abort()
        await eventually(lambda: server.engine.sessions[0].stream is None)
        assert server.engine.sessions[0].hold is None
        await server.publish("/a", 1)
        async with SocketVisitor(server, visitor.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["data"] == 1


@in_loop
async def test_the_older_of_two_connects_is_never_answered() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold(id="1")
        await visitor.hold(id="2")
        server.engine.wake()
        assert (await visitor.message())["id"] == "2"
        assert (await visitor.ask("/a", data=1, id="3"))["id"] == "3"
        assert [request.status for request in server.recorder.requests] == [500, 200, 200]


@in_loop
async def test_a_session_dropped_at_once_ends_its_socket_after_the_reply() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold()
        assert server.faults.drop_sessions() == 1
        assert await visitor.message() == {"channel": "/meta/connect", "successful": True}
        assert await visitor.closed() == 1000


@in_loop
async def test_without_a_held_connect_it_ends_immediately() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        server.faults.drop_sessions()
        assert await visitor.closed() == 1000


@in_loop
async def test_a_session_dropped_in_the_other_way_leaves_the_socket_open() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold()
        server.faults.drop_sessions(at_once=False)
        assert (await visitor.ask("/a", data=1))["error"] == "402::session_unknown"


@in_loop
async def test_disconnected_sessions_are_told_so() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold()
        server.faults.disconnect_sessions()
        assert await visitor.message() == {"channel": "/meta/disconnect", "successful": True}
        assert (await visitor.message())["advice"]["reconnect"] == "none"


@in_loop
async def test_an_expired_token_fails_the_held_connect_at_once() -> None:
    for style in ("bayeux", "http"):
        async with (
            _server(tokens=("good",), auth_style=style) as server,
            SocketVisitor(server, headers={"Authorization": "Bearer good"}) as visitor,
        ):
            await visitor.join()
            await visitor.hold()
            server.faults.expire_token()
            if style == "bayeux":
                assert (await visitor.message())["error"] == "401::Authentication invalid"
            else:
                assert await visitor.closed() == 1008


@in_loop
async def test_a_lost_reply_cuts_the_socket() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        server.faults.lose_replies(channel="/b")
        await visitor.send(visitor.about("/b", data=1))
        assert await visitor.closed() is None
        assert server.recorder.messages("/b")


@in_loop
async def test_a_lost_request_cuts_the_socket_and_does_nothing() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        server.faults.lose_requests(channel="/a")
        await visitor.send(visitor.about("/a", data=1))
        assert await visitor.closed() is None
        async with SocketVisitor(server, visitor.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket", advice={"timeout": 0}))["successful"]


@pytest.mark.parametrize("fault", ["lose_replies", "truncate_replies"])
@pytest.mark.parametrize("channel", [None, "/meta/connect"])
@in_loop
async def test_events_that_nobody_asked_for_are_lost_with_the_replies_that_carry_events(
    fault: str, channel: str | None
) -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        getattr(server.faults, fault)(channel=channel, with_events=True)
        assert (await visitor.ask("/b", data=1))["successful"]
        await server.publish("/a", 1)
        assert await visitor.closed() is None
        await server.publish("/a", 2)
        async with SocketVisitor(server, visitor.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["data"] == 2


@in_loop
async def test_other_plans_leave_such_events_alone() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join("/a")
        server.faults.lose_replies()
        await server.publish("/a", 1)
        assert (await visitor.message())["data"] == 1


@in_loop
async def test_half_a_reply_with_its_events_lost() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join("/a", ext=ACK)
        await server.publish("/a", 1)
        await server.publish("/a", "x" * 1000)
        server.faults.truncate_replies()
        await visitor.send(visitor.connect_message(ext={"ack": 1}))
        assert (await visitor.message())["data"] == 1
        assert await visitor.closed() is None


@in_loop
async def test_held_replies_come_when_they_are_released() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        server.faults.hold_replies(channel="/a")
        await visitor.send(visitor.about("/a", data=1, id="1"))
        assert (await visitor.ask("/b", data=1, id="2"))["id"] == "2"
        server.faults.release_replies()
        assert (await visitor.message())["id"] == "1"


@in_loop
async def test_a_dropped_session_ends_its_socket_after_a_reply_that_is_late() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        server.faults.hold_replies(channel="/meta/connect")
        await visitor.hold()
        server.faults.drop_sessions()
        assert (await visitor.ask("/a", data=1))["error"] == "402::session_unknown"
        server.faults.release_replies()
        assert (await visitor.message())["channel"] == "/meta/connect"
        assert await visitor.closed() == 1000


@in_loop
async def test_something_that_is_no_bayeux() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        server.faults.answer_instead(body="<html>")
        await visitor.send(visitor.about("/a", data=1))
        assert await visitor.socket.recv() == "<html>"
        server.faults.unavailable()
        await visitor.send(visitor.about("/a", data=1))
        assert await visitor.closed() == 1013
        assert [request.status for request in server.recorder.requests] == [200, 503]


@pytest.mark.parametrize("code", [1001, 4000, None])
@in_loop
async def test_closing_all_sockets(code: int | None) -> None:
    async with _server() as server, SocketVisitor(server) as one, SocketVisitor(server) as other:
        await one.join()
        await other.join()
        assert server.faults.close_websockets(code=code) == 2
        assert [await one.closed(), await other.closed()] == [code, code]
        assert len(server.sessions) == 2


@in_loop
async def test_a_restart_cuts_sockets() -> None:
    async with _server() as server, SocketVisitor(server) as visitor:
        await visitor.join()
        await visitor.hold()
        await server.restart(0)
        assert await visitor.closed() is None
        async with SocketVisitor(server, visitor.client_id) as again:
            assert (await again.ask("/meta/connect", connectionType="websocket"))["error"] == "402::session_unknown"


@pytest.mark.parametrize("order", ["reply-first", "events-first"])
@in_loop
async def test_events_that_travel_with_the_handshake(order: str) -> None:
    greeting = [{"channel": "/hello", "data": number} for number in range(2)]
    options = {"on_handshake": lambda _: greeting, "deliver_with_handshake": True, "handshake_order": order}
    async with _server(**options) as server, SocketVisitor(server) as visitor:
        await visitor.send({"channel": "/meta/handshake", "supportedConnectionTypes": ["websocket"], "ext": ACK})
        frames = [await visitor.message() for _ in range(3)]
        reply = frames.pop(0 if order == "reply-first" else -1)
        assert frames == greeting
        assert reply["x-messages"] == 2
        assert reply["ext"] == {"ack": {"enabled": True, "batch": 1}}


@in_loop
async def test_what_waits_for_a_new_session_comes_with_its_first_message() -> None:
    greeting = [{"channel": "/hello", "data": 1}]
    async with _server(on_handshake=lambda _: greeting) as server, SocketVisitor(server) as visitor:
        assert "x-messages" not in await visitor.handshake()
        assert await visitor.ask("/meta/subscribe", subscription="/a") == greeting[0]
        assert (await visitor.message())["channel"] == "/meta/subscribe"


@in_loop
async def test_a_request_beside_the_socket_takes_no_events_along() -> None:
    async with _server() as server, SocketVisitor(server) as visitor, Visitor(server) as beside:
        await visitor.join("/a")
        beside.client_id = visitor.client_id
        assert len((await beside.ask("/a", data=1)).json()) == 1
        assert (await visitor.message())["data"] == 1


@in_loop
async def test_a_frame_that_a_dying_socket_refuses_goes_back_with_all_after_it() -> None:
    talk = Talk(replay=False).join("/a")
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if len(sent) == 3:
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
            raise ConnectionResetError
        sent.append(message)

    cookie = f"BAYEUX_BROWSER={talk.caller.browser}".encode()
    headers = [(b"cookie", cookie), (b"host", b"x")]
    scope = {"type": "websocket", "scheme": "ws", "path": "/cometd", "query_string": b"", "headers": headers}
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": encode(talk.connect_message()).decode()})
    for number in range(3):
        talk.engine.publish("/a", number)
    websocket = WebSocket(scope, incoming.get, send)
    await websocket.accept()
    await OpenLine(websocket, talk.engine, Faults(talk.engine, Sockets()), Recorder(), Sockets()).talk()
    assert len(sent) == 3
    assert talk.events() == [2]
