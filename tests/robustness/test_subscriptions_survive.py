"""Every subscription survives every recovery; a failed resubscription is reported and tried again, never forgotten."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from pybayeux import Channel, ConnectionState, hookimpl
from pybayeux.errors import SubscribeError
from tests.support.clients import make_client, take
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import Json, Script, ScriptedServer, replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pybayeux import AsyncClient, Message

CHANNELS = ["/s/a", "/s/b/*", "/s/c/**", "/s/d"]


async def receive_all(client: AsyncClient) -> asyncio.Queue[Message]:
    """What comes on all the channels, in the order of arrival."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    for channel in CHANNELS:
        await client.subscribe(channel, received.put_nowait)
    return received


async def assert_all_flow(server: ScriptedServer, received: asyncio.Queue[Message]) -> None:
    """All are there, once, and bring what is published."""
    await server.until(lambda: server.subscriptions == CHANNELS)
    for channel in ("/s/d", "/s/c/x/y", "/s/b/x", "/s/a"):
        server.publish(channel, channel)
    assert [(await received.get()).data for _ in CHANNELS] == ["/s/d", "/s/c/x/y", "/s/b/x", "/s/a"]
    assert received.empty()


def refuse(error: str, **members: object) -> Script:
    """Refuses everything that is asked."""

    def script(asked: list[Json]) -> Answer:
        same = ("channel", "id", "subscription")
        kept = [{name: each[name] for name in same if name in each} for each in asked]
        return replies(*[each | {"successful": False, "error": error} | members for each in kept])

    return script


async def forgotten(server: ScriptedServer, client: AsyncClient) -> None:
    server.forget()


async def forgotten_and_cut(server: ScriptedServer, client: AsyncClient) -> None:
    server.forget()
    await server.sever()


async def refused_connect(server: ScriptedServer, client: AsyncClient) -> None:
    server.alter(Channel.META_CONNECT, refuse("403::Unknown client"))
    server.publish("/s/lost", 1)
    server.forget()


async def by_an_extension(server: ScriptedServer, client: AsyncClient) -> None:
    client.rehandshake("the test wants it")
    server.forget()


async def disconnected(server: ScriptedServer, client: AsyncClient) -> None:
    server.alter(Channel.META_CONNECT, lambda answer: replies({"channel": "/meta/disconnect"}, *answer))
    server.forget()


async def failing_handshakes(server: ScriptedServer, client: AsyncClient) -> None:
    down = Answer(b"Not now", status=503)
    server.spoil(Channel.META_HANDSHAKE, *[lambda asked: down] * 4, refuse("500::busy"))
    server.forget()


async def failing_subscribes(server: ScriptedServer, client: AsyncClient) -> None:
    down = Answer(b"Not now", status=503)
    server.spoil(Channel.META_SUBSCRIBE, *[lambda asked: down] * 3, refuse("403::create_denied"))
    server.forget()


LOSSES = [
    forgotten,
    forgotten_and_cut,
    refused_connect,
    by_an_extension,
    disconnected,
    failing_handshakes,
    failing_subscribes,
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
@in_loop
async def test_all_subscriptions_come_back(loss: Callable[[ScriptedServer, AsyncClient], Awaitable[None]]) -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        received = await receive_all(client)
        for _ in range(3):
            before = client.client_id
            await loss(server, client)
            await server.until(lambda before=before: before not in server.sessions and bool(server.sessions))  # type: ignore[misc]
            await assert_all_flow(server, received)
    assert server.sessions == []


@pytest.mark.parametrize("losses", [*permutations([forgotten_and_cut, failing_handshakes, failing_subscribes])])
@in_loop
async def test_losses_one_upon_the_other(losses: tuple[Callable[..., Awaitable[None]], ...]) -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        received = await receive_all(client)
        for loss in losses:
            await loss(server, client)
        await assert_all_flow(server, received)


@in_loop
async def test_resubscription_that_is_refused_for_long() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        received = await receive_all(client)
        server.refused["/s/b/*"] = "403:/s/b/*:create_denied"
        server.forget()
        await journal.until(lambda: len(journal.failures(SubscribeError)) >= 3)
        assert server.subscriptions == ["/s/a", "/s/c/**", "/s/d"]
        server.publish("/s/a", "the others flow")
        assert (await received.get()).data == "the others flow"
        assert all("/s/b/*" in str(error) for error in journal.failures(SubscribeError))
        server.refused.clear()
        await server.until(lambda: "/s/b/*" in server.subscriptions)
        server.publish("/s/b/x", "and this one again")
        assert (await received.get()).data == "and this one again"
        assert journal.count(ConnectionState.CONNECTED) == 2


@in_loop
async def test_first_subscription_that_is_refused_is_the_caller_s() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        server.refused["/no"] = "403:/no:subscribe_denied"
        with pytest.raises(SubscribeError, match="403:/no:subscribe_denied") as refused:
            await client.subscribe("/no")
        assert refused.value.channel == "/no"
        assert refused.value.code == 403
        server.refused.clear()
        async with client.subscribe("/no") as events:
            server.publish("/no", 1)
            assert await take(events, 1) == [1]
    assert journal.errors == []


@in_loop
async def test_subscription_from_before_the_start_that_is_refused() -> None:
    journal = Journal()
    async with ScriptedServer() as server:
        server.refused["/no"] = "403:/no:subscribe_denied"
        client = make_client(server.url, journal)
        denied, granted = await client.subscribe("/no"), await client.subscribe("/yes")
        async with client:
            with pytest.raises(SubscribeError, match="/no"):
                await anext(denied)
            server.publish("/yes", 1)
            assert await take(granted, 1) == [1]
    assert [str(error) for error in journal.errors] == ["subscribe /no failed: 403:/no:subscribe_denied"]


@in_loop
async def test_channel_that_was_left_meanwhile_does_not_come_back() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        stays, leaves = await client.subscribe("/stays"), await client.subscribe("/leaves")
        server.spoil(Channel.META_HANDSHAKE, *[lambda asked: Answer(b"", status=503)] * 2)
        server.forget()
        await client.wait_for("rehandshaking")
        await leaves.unsubscribe()
        await client.wait_for("connected")
        await server.until(lambda: server.subscriptions == ["/stays"])
        server.publish("/leaves", 1)
        server.publish("/stays", 2)
        assert await take(stays, 1) == [2]


@in_loop
async def test_one_request_brings_all_back() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        for number in range(200):
            await client.subscribe(f"/many/{number}")
        before = len(server.asked)
        server.forget()
        await server.until(lambda: len(server.subscriptions) == 200)
        again = [batch for batch in server.asked[before:] if batch[0]["channel"] == Channel.META_SUBSCRIBE]
    assert [len(batch) for batch in again] == [200]


@in_loop
async def test_order_and_number_of_events_over_many_recoveries() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client, client.subscribe("/s/**") as events:
        for number in range(20):
            first = number * 100
            for each in range(first, first + 100):
                server.publish(f"/s/{each % 3}", each)
            assert await take(events, 100) == list(range(first, first + 100))
            if number % 2:
                server.forget()
            else:
                await server.sever()
            await server.until(lambda: server.subscriptions == ["/s/**"])
        assert events.pending == 0


class Vetoed:
    """An extension that breaks on a while: no subscribe leaves."""

    def __init__(self) -> None:
        self.times = 0

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_SUBSCRIBE and self.times > 0:
            self.times -= 1
            raise RuntimeError("not today")


@in_loop
async def test_extension_that_fails_does_not_cost_a_subscription() -> None:
    journal, vetoed = Journal(), Vetoed()
    async with ScriptedServer() as server, make_client(server.url, journal, vetoed) as client:
        received = await receive_all(client)
        vetoed.times = 5
        server.forget()
        await server.until(lambda: sorted(server.subscriptions) == CHANNELS)
        server.publish("/s/a", 1)
        assert (await received.get()).data == 1
    assert any("not today" in str(error) for error in journal.errors)
