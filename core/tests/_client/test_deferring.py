"""Subscriptions that an extension keeps from the server until it asks for them."""

from __future__ import annotations

import asyncio

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Channel, Drop, Message, hookimpl
from pybayeux.errors import Remedy, SubscribeError


class Deferring:
    """Keeps the subscribes of some channels from the server."""

    def __init__(self, *channels: str) -> None:
        self.channels = set(channels)

    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        if message.channel == Channel.META_SUBSCRIBE and message.subscription in self.channels:
            return Drop("not yet", remedy=Remedy.DEFER)
        return None


@in_virtual_time
async def test_subscribe_returns_and_the_events_come_when_the_extension_asks_for_them() -> None:
    server, deferring = FakeServer(), Deferring("/a")
    async with make_client(server, deferring) as client:
        events = await client.subscribe("/a")
        second = await client.subscribe("/a")
        await asyncio.sleep(600)
        assert client.healthy, "which is as the extension wants it"
        assert server.messages("/meta/subscribe") == []
        deferring.channels.clear()
        client.resubscribe("/a")
        await settle()
        server.push("/a", 1)
        assert [(await anext(each)).data for each in (events, second)] == [1, 1]
        deferring.channels.add("/a")
        client.resubscribe("/a")
        await settle()
        assert [each.subscription for each in server.messages("/meta/unsubscribe")] == ["/a"]
        assert client.healthy


@in_virtual_time
async def test_a_refusal_afterwards_ends_the_subscription_with_the_error() -> None:
    server, deferring = FakeServer(), Deferring("/a")
    async with make_client(server, deferring) as client:
        events = await client.subscribe("/a")
        deferring.channels.clear()
        server.refuse_next("/meta/subscribe", "403:/a:denied")
        client.resubscribe("/a")
        with pytest.raises(SubscribeError, match="denied"):
            await anext(events)


@in_virtual_time
async def test_it_stays_deferred_in_the_next_session() -> None:
    server, deferring = FakeServer(), Deferring("/a")
    async with make_client(server, deferring) as client:
        await client.subscribe("/a")
        client.rehandshake("a test")
        await asyncio.sleep(60)
        assert len(server.messages("/meta/handshake")) == 2
        assert server.messages("/meta/subscribe") == []
        assert client.healthy
