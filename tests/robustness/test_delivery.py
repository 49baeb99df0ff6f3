"""When an event counts as handled: iterating, acknowledging by hand, and where several receive it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import AsyncClient, Channel, Message
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@in_loop
async def test_event_is_handled_when_the_loop_asks_for_the_next() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d") as events:
            server.publish("/d", 1, 2, 3)
            seen: list[int] = []
            async for event in events:
                assert journal.handled == seen
                seen.append(event.data)
                if event.data == 3:
                    break
            assert journal.handled == [1, 2]
        assert journal.handled == [1, 2, 3]


@in_loop
async def test_event_is_not_handled_when_its_block_raised() -> None:
    journal = Journal()

    async def divide(client: AsyncClient) -> None:
        async with client.subscribe("/d") as events:
            server.publish("/d", 1, 2, 3)
            async for event in events:
                1 / (event.data - 2)

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        with pytest.raises(ZeroDivisionError):
            await divide(client)
        assert journal.handled == [1]
    assert journal.handled == [1]


@in_loop
async def test_event_is_not_handled_when_its_task_was_cancelled() -> None:
    journal, reached = Journal(), asyncio.Event()

    async def receive(client: AsyncClient) -> None:
        async with client.subscribe("/d") as events:
            async for event in events:
                if event.data == 2:
                    reached.set()
                    await asyncio.Event().wait()

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        receiving = asyncio.create_task(receive(client))
        await server.until(lambda: server.subscriptions == ["/d"])
        server.publish("/d", 1, 2, 3)
        await reached.wait()
        receiving.cancel()
        await asyncio.wait([receiving])
        assert receiving.cancelled()
        assert journal.handled == [1]


@in_loop
async def test_events_that_wait_at_the_end_are_not_handled() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d") as events:
            server.publish("/d", 1, 2, 3)
            await take(events, 1)
            assert events.pending == 2
        assert journal.handled == [1]


async def _all(events: AsyncIterator[Message]) -> list[object]:
    return [event.data async for event in events]


@in_loop
async def test_loop_ends_with_its_client() -> None:
    async with ScriptedServer() as server:
        async with make_client(server.url) as client:
            receiving = asyncio.create_task(_all(await client.subscribe("/d")))
            server.publish("/d", 1, 2)
            await server.received(Channel.META_CONNECT, 3)
        assert await receiving == [1, 2]


# -- acknowledging by hand


@in_loop
async def test_acknowledged_events_count_up_to_the_first_gap() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d", ack="manual") as events:
            server.publish("/d", 1, 2, 3, 4)
            first, second, third, fourth = [await anext(events) for _ in range(4)]
            await second.ack()
            await fourth.ack()
            assert journal.handled == []
            await first.ack()
            assert journal.handled == [1, 2]
            await first.ack()
            await third.ack()
            assert journal.handled == [1, 2, 3, 4]
        assert journal.handled == [1, 2, 3, 4]


@in_loop
async def test_nothing_that_was_not_acknowledged_is_handled() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d", ack="manual") as events:
            server.publish("/d", 1, 2, 3)
            first, second, _ = [await anext(events) for _ in range(3)]
            await first.ack()
        await second.ack()  # too late: the subscription has ended, and what was open in it comes again
    assert journal.handled == [1]


# -- several receivers


@in_loop
async def test_receivers_of_one_channel_share_one_subscription_on_the_wire() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        receivers = [await client.subscribe("/d") for _ in range(5)]
        server.publish("/d", 1, 2)
        assert [await take(receiver, 2) for receiver in receivers] == [[1, 2]] * 5
        for receiver in receivers[:-1]:
            await receiver.unsubscribe()
        assert server.messages(Channel.META_UNSUBSCRIBE) == []
        await receivers[-1].unsubscribe()
        assert len(server.messages(Channel.META_UNSUBSCRIBE)) == 1
        assert len(server.messages(Channel.META_SUBSCRIBE)) == 1


@in_loop
async def test_event_is_delivered_when_its_last_receiver_has_finished() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d/*") as slow, client.subscribe("/d/**") as fast:
            server.publish("/d/a", 1, 2, 3)
            await take(fast, 3)
            assert journal.handled == []
            await take(slow, 2)
            assert journal.handled == [1]
            await take(slow, 1)
            assert journal.handled == [1, 2]
        assert journal.handled == [1, 2, 3]


@in_loop
async def test_receiver_that_leaves_leaves_its_share_to_the_others() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        stays, leaves = await client.subscribe("/d"), await client.subscribe("/d")
        server.publish("/d", 1, 2)
        assert await take(stays, 2) == [1, 2]
        await leaves.unsubscribe()
        assert journal.handled == [1]
        server.publish("/d", 3)
        assert await take(stays, 1) == [3]
        assert journal.handled == [1, 2]
