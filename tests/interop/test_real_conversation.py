"""A client of ours and real servers: what a session is made of, from the handshake to the disconnect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pybayeux import Channel, Message, hookimpl
from pybayeux.errors import ExchangeTimeoutError, PublishError, SessionEndedError, SubscribeError
from pybayeux_ack import Ack
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from tests.servers.control import ServerSession
    from tests.servers.fixtures import PeerFactory, ServerFactory
    from tests.servers.server import Server

MANY = 10_000
PAYLOADS: list[Any] = [0, "", False, [], {}, None, "Grüße ☃ 𝄞", {"nested": [None, 1.5, {"a": -1}]}]


class Denied:
    """Asks the server to refuse the handshake."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_HANDSHAKE:
            message.ext = {"deny": True}


def session_of(server: Server, client: AsyncClient) -> ServerSession | None:
    """What the server knows of a client."""
    return next((session for session in server.control.sessions() if session.id == client.client_id), None)


@in_loop
async def test_session_begins_with_the_block_and_ends_with_it(any_server: Server) -> None:
    async with make_client(any_server.url) as client:
        session = session_of(any_server, client)
        assert session is not None
        assert client.state == "connected"
    assert session.id not in [known.id for known in any_server.control.sessions()]
    assert client.state == "disconnected"
    assert client.client_id is None


@in_loop
async def test_client_starts_again_after_its_end(any_server: Server) -> None:
    client = make_client(any_server.url)
    for number in range(2):
        async with client, client.subscribe("/talk/again") as events:
            any_server.control.send("/talk/again", number)
            assert await take(events, 1) == [number]


@in_loop
async def test_each_pattern_receives_what_it_covers(any_server: Server) -> None:
    async with (
        make_client(any_server.url) as client,
        client.subscribe("/talk/deep/a") as exact,
        client.subscribe("/talk/deep/*") as one_level,
        client.subscribe("/talk/deep/**") as all_levels,
    ):
        for channel in ("/talk/deep/a", "/talk/deep/b", "/talk/deep/a/b", "/talk/other", "/talk/deep/a"):
            any_server.control.send(channel, channel)
        assert await take(all_levels, 4) == ["/talk/deep/a", "/talk/deep/b", "/talk/deep/a/b", "/talk/deep/a"]
        assert await take(one_level, 3) == ["/talk/deep/a", "/talk/deep/b", "/talk/deep/a"]
        assert await take(exact, 2) == ["/talk/deep/a", "/talk/deep/a"]
        assert [exact.pending, one_level.pending, all_levels.pending] == [0, 0, 0]


@in_loop
async def test_many_subscriptions_from_before_the_start(any_server: Server) -> None:
    channels = [f"/talk/many/{number}" for number in range(300)]
    client = make_client(any_server.url)
    received: asyncio.Queue[Message] = asyncio.Queue()
    for channel in channels:
        await client.subscribe(channel, received.put_nowait)
    async with client:
        await client.subscribe("/talk/late", received.put_nowait)  # the server's word on all before it has come
        session = session_of(any_server, client)
        assert session is not None
        assert set(session.subscriptions) == {*channels, "/talk/late"}
        for channel in channels:
            any_server.control.send(channel, channel)
        assert [(await received.get()).data for _ in channels] == channels


@in_loop
async def test_any_data_goes_there_and_back(any_server: Server) -> None:
    async with make_client(any_server.url) as client, client.subscribe("/talk/data") as events:
        async with client.batch() as batch:
            for payload in PAYLOADS:
                batch.publish("/talk/data", payload)
        assert all(isinstance(reply, Message) and reply.successful for reply in batch.replies)
        received = await take(events, len(PAYLOADS))
    assert received == PAYLOADS
    assert [type(payload) for payload in received] == [type(payload) for payload in PAYLOADS]


@in_loop
async def test_peer_and_client_hear_each_other(any_server: Server, peer_factory: PeerFactory) -> None:
    kind: Literal["cometd", "faye"] = "cometd" if any_server.name == "cometd" else "faye"
    peer = await asyncio.to_thread(peer_factory, kind, any_server.url)
    await asyncio.to_thread(peer.subscribe, "/talk/to-peer")
    async with make_client(any_server.url) as client, client.subscribe("/talk/from-peer") as events:
        reply = await client.publish("/talk/to-peer", {"hello": "wörld"})
        assert reply.successful
        heard = await asyncio.to_thread(peer.expect, "message", channel="/talk/to-peer")
        assert heard["data"] == {"hello": "wörld"}
        await asyncio.to_thread(peer.publish, "/talk/from-peer", ["réply", 2])
        assert await take(events, 1) == [["réply", 2]]


@in_loop
async def test_unsubscribed_channel_is_silent(any_server: Server) -> None:
    async with make_client(any_server.url) as client, client.subscribe("/talk/still") as still:
        async with client.subscribe("/talk/ended") as ended:
            any_server.control.send("/talk/ended", 1)
            assert await take(ended, 1) == [1]
        session = session_of(any_server, client)
        assert session is not None
        assert session.subscriptions == ("/talk/still",)
        any_server.control.send("/talk/ended", 2)
        any_server.control.send("/talk/still", 3)
        assert await take(still, 1) == [3]
        assert ended.closed
        assert ended.pending == 0


@in_loop
async def test_one_of_two_subscriptions_to_a_channel_ends(any_server: Server) -> None:
    async with make_client(any_server.url) as client, client.subscribe("/talk/shared") as stays:
        leaves = await client.subscribe("/talk/shared")
        await leaves.unsubscribe()
        session = session_of(any_server, client)
        assert session is not None
        assert session.subscriptions == ("/talk/shared",)
        any_server.control.send("/talk/shared", 1)
        assert await take(stays, 1) == [1]


@in_loop
async def test_refusals_reach_the_caller_alone(any_server: Server) -> None:
    journal = Journal()
    async with make_client(any_server.url, journal) as client, client.subscribe("/talk/allowed") as events:
        with pytest.raises(SubscribeError, match="/denied/here") as subscribing:
            await client.subscribe("/denied/here")
        with pytest.raises(PublishError, match="/denied/there"):
            await client.publish("/denied/there", 1)
        assert subscribing.value.code == 403
        any_server.control.send("/talk/allowed", 1)
        assert await take(events, 1) == [1]
    assert journal.errors == []


@in_loop
async def test_denied_handshake_ends_the_start(cometd_server: Server) -> None:
    client = make_client(cometd_server.url, Denied())
    with pytest.raises(SessionEndedError, match="403"):
        await client.start()
    assert client.state == "disconnected"


@in_loop
async def test_remote_calls_of_cometd(cometd_server: Server) -> None:
    async with make_client(cometd_server.url) as client:
        echo, other = await asyncio.gather(client.call("echo", {"a": 1}), client.call("/service/echo", 0))
        assert [echo.data, other.data] == [{"a": 1}, 0]
        with pytest.raises(PublishError) as failure:
            await client.call("fail", {"why": "because"})
        assert failure.value.reply is not None
        assert failure.value.reply.data == {"why": "because"}
        with pytest.raises(ExchangeTimeoutError, match="406"):
            await client.call("never", 1, timeout=0.05)


@in_loop
async def test_ten_thousand_events_keep_their_order(any_server: Server) -> None:
    async with make_client(any_server.url) as client, client.subscribe("/talk/fast") as events:
        await asyncio.to_thread(any_server.control.publish, "/talk/fast", MANY)
        assert [data["seq"] for data in await take(events, MANY)] == list(range(MANY))
        assert events.pending == 0


@in_loop
async def test_ten_thousand_events_through_a_short_queue(any_server: Server) -> None:
    async with make_client(any_server.url, queue_size=100) as client, client.subscribe("/talk/fast") as events:
        await asyncio.to_thread(any_server.control.publish, "/talk/fast", MANY, rate=20_000)
        assert [data["seq"] for data in await take(events, MANY)] == list(range(MANY))
        assert events.pending == 0


@in_loop
async def test_ten_thousand_publishes_keep_their_order(any_server: Server) -> None:
    # Without acknowledgement, CometD sends a publisher's events with its connect and with its replies, by two threads:
    # on a busy machine some overtake others, even on one WebSocket.
    async with make_client(any_server.url, Ack()) as client, client.subscribe("/talk/publish/*") as events:
        for start in range(0, MANY, 1000):
            async with client.batch() as batch:
                for number in range(start, start + 1000):
                    batch.publish(f"/talk/publish/{number % 3}", number)
        assert await take(events, MANY) == list(range(MANY))


@in_loop
async def test_publishes_of_many_tasks_are_each_answered(any_server: Server) -> None:
    async with make_client(any_server.url) as client, client.subscribe("/talk/tasks") as events:
        replies = await asyncio.gather(*(client.publish("/talk/tasks", number) for number in range(200)))
        assert all(reply.successful for reply in replies)
        assert len({reply.id for reply in replies}) == 200
        # Without acknowledgement, a publisher's events come with its connect and with its replies, and not in order.
        assert sorted(await take(events, 200)) == list(range(200))


@in_loop
async def test_clients_in_one_process_have_sessions_of_their_own(any_factory: ServerFactory) -> None:
    server = any_factory()
    async with (
        make_client(server.url) as one,
        make_client(server.url) as other,
        one.subscribe("/talk/both") as ones,
        other.subscribe("/talk/both") as others,
    ):
        assert {session.id for session in server.control.sessions()} == {one.client_id, other.client_id}
        await one.publish("/talk/both", 1)
        await other.publish("/talk/both", 2)
        assert await take(ones, 2) == [1, 2]
        assert await take(others, 2) == [1, 2]
    assert server.control.sessions() == []
