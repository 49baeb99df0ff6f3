"""Receivers far slower than the stream: memory stays bounded, the session is kept, and nothing is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.replaying_server import Recorder, ReplayingServer, client_of
from pybayeux import ConnectionState
from pybayeux.errors import SlowReceiverError
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_replay import Replay

if TYPE_CHECKING:
    from pybayeux import Subscription

QUEUE = 100


async def _publish(server: ReplayingServer, channel: str, count: int, pause: float) -> None:
    for number in range(count):
        server.publish(channel, number)
        await asyncio.sleep(pause)


@in_virtual_time
async def test_a_consumer_a_thousand_times_slower_than_the_stream() -> None:
    server, recorder, replay = ReplayingServer(at_once=50), Recorder(), Replay(since="earliest")
    most, handled = 0, []
    async with client_of(server, replay, recorder, queue_size=QUEUE) as client:
        events = await client.subscribe("/orders")
        publishing = asyncio.create_task(_publish(server, "/orders", 2_000, 0.001))
        async for event in events:
            most = max(most, events.pending)
            handled.append(event.data["number"])
            if len(handled) == 2_000:
                break
            await asyncio.sleep(1.0)
            assert client.state is not ConnectionState.DISCONNECTED
        await publishing
    assert handled == list(range(2_000))  # in order, each once
    assert most < QUEUE + 50  # never more than the queue and one answer
    reported = [str(error) for error in recorder.failures if isinstance(error, SlowReceiverError)]
    assert any("left to the server" in text for text in reported)
    assert any("there is room again" in text for text in reported)
    assert len(server.messages("/meta/handshake")) > 10
    assert len(server.messages("/meta/handshake")) < 100


@in_virtual_time
async def test_a_rewind_is_a_new_session_from_the_last_handled_event() -> None:
    server, clock = ReplayingServer(), Clock()
    async with client_of(server, Replay(since="earliest"), queue_size=4) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", *range(4))
        await clock.advance(10)
        server.publish("/orders", 4, 5)
        await clock.advance(10)
        assert server.asked == [{"/orders": -2}]
        accepting = [client.accepting]
        assert await _take(events, 3) == [0, 1, 2]
        await clock.advance(10)
        assert [*accepting, client.accepting] == [False, True]
        assert server.asked == [{"/orders": -2}, {"/orders": 20}]
        assert await _take(events, 3) == [3, 4, 5]
        await clock.advance(60)
        assert len(server.messages("/meta/handshake")) == 2


async def _take(events: Subscription, count: int) -> list[int]:
    return [(await anext(events)).data["number"] for _ in range(count)]


@pytest.mark.parametrize(
    ("options", "publish", "expected"),
    [
        ({"since": "earliest"}, "/orders", True),
        ({}, "/orders", True),  # what was received is a place to go on after
        ({}, "/elsewhere", False),  # nothing was received, and what comes now could not come again
        ({"on_recovery": "latest", "since": "earliest"}, "/orders", False),
    ],
)
def test_the_server_sends_again_if_every_subscription_can_resume(
    options: dict[str, Any], publish: str, expected: bool
) -> None:
    replay = Replay(**options)

    @in_virtual_time
    async def scenario() -> None:
        server = ReplayingServer()
        async with client_of(server, replay) as client:
            assert replay.redelivery(client) is None  # no subscription
            await client.subscribe("/orders")
            server.publish(publish, 0)
            await Clock().settle()
            assert (replay.redelivery(client) is not None) is expected

    scenario()


@in_virtual_time
async def test_messages_that_no_server_keeps_are_not_left_to_it() -> None:
    server, replay = ReplayingServer(), Replay(since="earliest")
    async with client_of(server, replay) as client:
        await client.subscribe("/orders")
        assert replay.redelivery(client) is not None
        server.push("/orders", {"number": 1})  # without a replay id
        await Clock().settle()
        assert replay.redelivery(client) is None
    server, replay = ReplayingServer(), Replay(since="earliest")
    async with client_of(server, replay) as client:
        await client.subscribe("/orders")
        server.push("/service/listener", "fire")
        await Clock().settle()
        assert replay.redelivery(client) is None


@in_virtual_time
async def test_with_acknowledgement_there_is_no_rewind() -> None:
    server, replay = ReplayingServer(), Replay(since="earliest")
    server.ext["ack"] = True
    async with client_of(server, replay) as client:
        await client.subscribe("/orders")
        assert replay.redelivery(client) is None
        await Clock().settle()
        assert len(server.messages("/meta/handshake")) == 1
