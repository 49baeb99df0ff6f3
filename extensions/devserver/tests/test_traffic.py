from __future__ import annotations

import asyncio

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from extensions.devserver.tests.socket_client import SocketClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.traffic import Passage, Traffic


def _add(traffic: Traffic, *channels: str) -> None:
    traffic.add("received", "long-polling", [{"channel": channel} for channel in channels], time=1.0)


def test_passages_are_numbered_and_the_oldest_are_removed() -> None:
    traffic = Traffic(kept=2)
    for channel in ("/a", "/b", "/c"):
        _add(traffic, channel)
    assert [(each.number, each.messages[0]["channel"]) for each in traffic.after(0)] == [(2, "/b"), (3, "/c")]
    assert [each.number for each in traffic.after(2)] == [3]


def test_the_session_is_the_one_that_a_message_names() -> None:
    traffic = Traffic()
    traffic.add("sent", "websocket", [{"channel": "/a"}, {"channel": "/b", "clientId": "x"}], time=2.0, status=200)
    [passage] = traffic.after(0)
    assert passage == Passage(
        number=1,
        time=2.0,
        direction="sent",
        transport="websocket",
        client_id="x",
        status=200,
        messages=passage.messages,
    )


@in_loop
async def test_waiting_for_what_passes_next() -> None:
    traffic = Traffic()
    _add(traffic, "/a")
    await traffic.wait_after(0)
    waiting = asyncio.create_task(traffic.wait_after(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    _add(traffic, "/b")
    await waiting


def test_what_is_forgotten_is_not_numbered_again() -> None:
    traffic = Traffic()
    _add(traffic, "/a")
    traffic.clear()
    _add(traffic, "/b")
    assert [(each.number, each.messages[0]["channel"]) for each in traffic.after(0)] == [(2, "/b")]


@in_loop
async def test_requests_and_replies_pass_with_what_became_of_them() -> None:
    async with DevServer() as server, PollingClient(server) as client:
        await client.handshake()
        server.faults.unavailable()
        await client.connect()
        passed = server.recorder.traffic.after(0)
    assert [(each.direction, each.status, each.fault) for each in passed] == [
        ("received", None, None),
        ("sent", 200, None),
        ("received", None, None),
        ("sent", 503, "replaced"),
    ]
    assert {each.client_id for each in passed[1:]} == {client.client_id}


@in_loop
async def test_pushed_events_pass_too() -> None:
    async with DevServer(replay=False) as server, SocketClient(server) as client:
        await client.join("/a")
        before = server.recorder.traffic.last
        for lost in (False, True):
            if lost:
                server.faults.lose_replies(with_events=True)
            await server.publish("/a", 1)
            await server.recorder.traffic.wait_after(before + lost)
        pushed = server.recorder.traffic.after(before)
    assert [(each.direction, each.transport, each.fault) for each in pushed] == [
        ("sent", "websocket", None),
        ("sent", "websocket", "lost"),
    ]
    assert all(each.client_id and each.messages == [{"channel": "/a", "data": 1}] for each in pushed)
