"""End to end: a real client against a server that keeps events until acknowledged, over the network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient
from pybayeux_ack import Ack
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import Coroutine


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


async def _take(events: Any, count: int) -> list[int]:
    return [(await anext(events)).data for _ in range(count)]


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("fault", ["lose_replies", "truncate_replies"])
def test_events_of_a_lost_reply_come_again_once(fault: str, newer: bool) -> None:
    async def scenario() -> None:
        async with DevServer(replay=False, ack_object=newer) as server:
            async with AsyncClient(server.url, discover=False, extensions=[Ack()]) as client:
                events = await client.subscribe("/orders")
                getattr(server.faults, fault)(2, channel="/meta/connect", with_events=True)
                for number in range(5):
                    await server.publish("/orders", number)
                assert await _take(events, 5) == [0, 1, 2, 3, 4]
                await server.publish("/orders", 5)
                assert await _take(events, 1) == [5]
            numbers = [message["ext"]["ack"] for message in server.recorder.messages("/meta/connect")]
            assert numbers == sorted(numbers)
            assert len(server.recorder.messages("/meta/handshake")) == 1

    _run(scenario())


def test_a_new_session_acknowledges_no_batch_of_the_old_one() -> None:
    async def scenario() -> None:
        ack = Ack()
        async with DevServer(replay=False) as server:
            async with AsyncClient(server.url, discover=False, extensions=[ack]) as client:
                events = await client.subscribe("/orders")
                for number in range(3):
                    await server.publish("/orders", number)
                    assert await _take(events, 1) == [number]
                server.recorder.clear()
                server.faults.drop_sessions()
                await server.recorder.received("/meta/handshake")
                connects = await server.recorder.received("/meta/connect", 2)
            assert 0 in [message["ext"]["ack"] for message in connects]
            assert ack.supported

    _run(scenario())


def test_a_server_without_acknowledgement_gets_only_the_offer() -> None:
    async def scenario() -> None:
        async with DevServer(replay=False, ack=False) as server:
            async with AsyncClient(server.url, discover=False, extensions=[Ack()]) as client:
                events = await client.subscribe("/orders")
                await server.publish("/orders", 0)
                assert await _take(events, 1) == [0]
            assert [message["ext"] for message in server.recorder.messages("/meta/handshake")] == [{"ack": True}]
            assert all("ext" not in message for message in server.recorder.messages("/meta/connect"))

    _run(scenario())
