"""How many events may wait: the next connect is held back until there is room, and nothing is lost."""

from __future__ import annotations

from pybayeux import Channel
from tests.support.clients import make_client, take
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer


@in_loop
async def test_next_connect_waits_until_there_is_room() -> None:
    async with ScriptedServer() as server, make_client(server.url, queue_size=3) as client:
        events = await client.subscribe("/d")
        await server.received(Channel.META_CONNECT, 2)
        server.publish("/d", *range(10))
        assert await take(events, 1) == [0]  # all of the batch has come, and it is more than may wait
        # A publish and its answer go by, and so would a connect.
        assert (await client.publish("/elsewhere", 1)).successful
        assert await take(events, 6) == list(range(1, 7))
        assert len(server.messages(Channel.META_CONNECT)) == 2
        server.publish("/d", *range(10, 20))
        assert events.pending == 3
        assert await take(events, 13) == list(range(7, 20))
        assert len(server.messages(Channel.META_CONNECT)) >= 3


@in_loop
async def test_long_stream_through_a_short_queue_loses_nothing() -> None:
    most = 0
    async with ScriptedServer() as server, make_client(server.url, queue_size=10) as client:
        events = await client.subscribe("/d")
        for start in range(0, 1000, 20):
            server.publish("/d", *range(start, start + 20))
            most = max(most, events.pending)
            assert await take(events, 20) == list(range(start, start + 20))
    assert most <= 20


@in_loop
async def test_receiver_that_leaves_makes_room_for_the_others() -> None:
    async with ScriptedServer() as server, make_client(server.url, queue_size=3) as client:
        idle, events = await client.subscribe("/d/*"), await client.subscribe("/d/a")
        server.publish("/d/b", 1, 2, 3)
        server.publish("/d/a", 4)
        assert await take(events, 1) == [4]
        assert idle.pending == 4
        server.publish("/d/a", "behind")
        await client.publish("/elsewhere", 1)
        assert events.pending == 0
        await idle.unsubscribe()
        assert await take(events, 1) == ["behind"]
