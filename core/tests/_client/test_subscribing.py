"""Channels that the server refuses, and what their receivers and the extensions are told."""

from __future__ import annotations

import asyncio

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, Channel, Drop, Message, hookimpl
from pybayeux.errors import BayeuxError, MessageDropped, Remedy, ReplyError, SubscribeError


class GivesUp:
    """Knows that nothing helps against any refusal, and notes the channels that have ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    @hookimpl
    def interpret_error(self, error: BayeuxError) -> BayeuxError:
        if isinstance(error, ReplyError):
            error.remedy = Remedy.GIVE_UP
        return error

    @hookimpl
    def unsubscribed(self, channel: str, client: AsyncClient) -> None:
        self.ended.append(channel)


@in_virtual_time
async def test_a_channel_lost_in_a_later_session_ends_its_receivers_and_no_others() -> None:
    server, witness, gives_up = FakeServer(), Witness(), GivesUp()
    async with make_client(server, witness, gives_up) as client:
        first, second, other = [await client.subscribe(name) for name in ("/a", "/a", "/b")]
        server.refuse_next("/meta/subscribe", "403::no access any more")
        client.rehandshake("a new session")
        for subscription in (first, second):
            with pytest.raises(SubscribeError, match="no access"):
                await anext(subscription)
        server.push("/b", 1)
        assert (await anext(other)).data == 1
        assert gives_up.ended == ["/a"]
        assert [type(error) for error in witness.errors] == [SubscribeError]
        assert server.subscriptions().count("/a") == 2


@in_virtual_time
async def test_a_first_refusal_is_raised_to_the_caller_and_not_reported() -> None:
    server, witness, gives_up = FakeServer(), Witness(), GivesUp()
    async with make_client(server, witness, gives_up) as client:
        server.refuse_next("/meta/subscribe", "403::no access")
        with pytest.raises(SubscribeError, match="no access"):
            await client.subscribe("/a")
        await settle()
        assert gives_up.ended == ["/a"]
        assert witness.errors == []


class Censor:
    """Stops the subscribes of later sessions, with what it knows to help."""

    def __init__(self, remedy: Remedy | None) -> None:
        self.remedy = remedy
        self.stopped: list[str] | None = None

    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        if self.stopped is None or message.channel != Channel.META_SUBSCRIBE:
            return None
        self.stopped.append(str(message.subscription))
        return Drop("not ours any more", remedy=self.remedy)


@in_virtual_time
async def test_a_stopped_subscribe_ends_the_channel_where_the_extension_says_that_nothing_helps() -> None:
    server, censor = FakeServer(), Censor(Remedy.GIVE_UP)
    async with make_client(server, censor) as client:
        events = await client.subscribe("/a")
        censor.stopped = []
        client.rehandshake("a new session")
        with pytest.raises(MessageDropped, match="not ours any more"):
            await anext(events)
        await asyncio.sleep(60)
        assert censor.stopped == ["/a"]


@in_virtual_time
async def test_a_stopped_subscribe_of_a_later_session_is_repeated_otherwise() -> None:
    server, censor = FakeServer(), Censor(None)
    async with make_client(server, censor) as client:
        events = await client.subscribe("/a")
        censor.stopped = []
        client.rehandshake("a new session")
        await asyncio.sleep(60)
        assert len(censor.stopped) > 1
        censor.stopped = None
        await asyncio.sleep(120)
        server.push("/a", 1)
        assert (await anext(events)).data == 1


@in_virtual_time
async def test_a_stopped_subscribe_waits_until_an_extension_asks_for_it_where_that_says_so() -> None:
    server, witness, censor = FakeServer(), Witness(), Censor(Remedy.WAIT)
    censor.stopped = []
    async with make_client(server, witness, censor) as client:
        subscribing = asyncio.ensure_future(client.subscribe("/a"))
        await asyncio.sleep(600)
        assert censor.stopped == ["/a"]
        assert not subscribing.done()
        client.rehandshake("a new session")
        await asyncio.sleep(600)
        assert censor.stopped == ["/a", "/a"]
        assert witness.errors == []
        censor.stopped = None
        client.resubscribe("/a")
        events = await subscribing
        server.push("/a", 1)
        assert (await anext(events)).data == 1
