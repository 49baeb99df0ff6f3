from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer

ACK = {"ack": True}


@in_loop
async def test_events_of_a_lost_reply_are_lost() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a")
        server.faults.lose_replies(with_events=True)
        assert (await client.connect(advice={"timeout": 0})).status_code == 200
        await server.publish("/a", 1)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
            await client.connect()
        await server.publish("/a", 2)
        assert await client.events() == [2]


@in_loop
async def test_acknowledged_sessions_lose_no_event_with_a_lost_reply() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a", ext=ACK)
        server.faults.lose_replies()
        await server.publish("/a", 1)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.connect(ext={"ack": 1})
        assert await client.events(ext={"ack": 1}) == [1]


@in_loop
async def test_request_of_a_lost_reply_was_handled() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a")
        server.faults.lose_replies(channel="/b")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.ask("/b", data=1)
        assert server.recorder.requests[-1].replies == [{"channel": "/b", "successful": True}]


@in_loop
async def test_lost_request_is_not_handled() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a")
        server.faults.lose_requests(channel="/a")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.ask("/a", data=1)
        assert await client.events(advice={"timeout": 0}) == []


@in_loop
async def test_truncated_reply() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        await client.join("/a")
        server.faults.truncate_replies(channel="/meta/connect")
        await server.publish("/a", "x" * 100_000)
        with pytest.raises(httpx.RemoteProtocolError, match=r"received (\d+) bytes, expected") as failure:
            await client.connect()
        received, expected = (int(number) for number in re.findall(r"\d+", str(failure.value)))
        assert received == expected // 2


@in_loop
async def test_plans_are_counted_and_apply_in_order() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        server.faults.unavailable(2, retry_after=1.5)
        server.faults.unavailable(status=502, channel="/meta/handshake")
        responses = [await client.handshake() for _ in range(4)]
        assert [response.status_code for response in responses] == [503, 503, 502, 200]
        assert [response.headers.get("retry-after") for response in responses] == ["1.5", "1.5", None, None]


@in_loop
async def test_reply_that_is_not_bayeux() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        server.faults.answer_instead(body="<html>", headers={"Content-Type": "text/html"})
        response = await client.ask("/meta/handshake")
        assert (response.text, response.headers["content-type"]) == ("<html>", "text/html")
        assert server.recorder.requests[-1].status == 200


@in_loop
async def test_dropped_sessions() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        connect = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        assert server.faults.drop_sessions() == 1
        assert (await connect).json() == [{"channel": "/meta/connect", "successful": True}]
        assert (await client.connect()).json()[0]["advice"]["reconnect"] == "handshake"


@in_loop
async def test_disconnected_sessions_receive_a_disconnect() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        connect = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        assert server.faults.disconnect_sessions() == 1
        disconnect, reply = (await connect).json()
        assert disconnect == {"channel": "/meta/disconnect", "successful": True}
        assert reply["advice"]["reconnect"] == "none"


@in_loop
async def test_expired_token_fails_the_held_connect_at_once() -> None:
    async with DevServer(tokens=("good",)) as server, PollingClient(server, Authorization="Bearer good") as client:
        await client.join()
        connect = asyncio.create_task(client.connect())
        await server.recorder.received("/meta/connect")
        server.faults.expire_token()
        assert (await connect).json()[0]["error"] == "401::Authentication invalid"
        client.http.headers["Authorization"] = f"Bearer {server.tokens.issue()}"
        assert (await client.handshake()).json()[0]["successful"]


@in_loop
async def test_held_replies_are_sent_when_released() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        server.faults.hold_replies(channel="/a")
        held = asyncio.create_task(client.ask("/a", data=1))
        await server.recorder.received("/a")
        assert (await client.ask("/b", data=1)).status_code == 200
        assert not held.done()
        server.faults.release_replies()
        assert (await held).json()[0]["successful"]


@in_loop
async def test_delayed_replies_are_sent_later() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        server.faults.delay_replies(seconds=0.01)
        assert (await client.ask("/a", data=1)).json()[0]["successful"]


@in_loop
async def test_delayed_reply_ends_when_its_client_leaves() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        server.faults.delay_replies(seconds=3600)
        asking = asyncio.create_task(client.ask("/a", data=1))
        await server.recorder.received("/a")
        asking.cancel()


@in_loop
async def test_clear_cancels_all_plans() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.join()
        server.faults.hold_replies(channel="/a")
        held = asyncio.create_task(client.ask("/a", data=1))
        await server.recorder.received("/a")
        server.faults.lose_replies(10)
        server.faults.unavailable(10)
        server.faults.clear()
        assert (await held).status_code == 200
        assert (await client.ask("/a", data=1)).status_code == 200
