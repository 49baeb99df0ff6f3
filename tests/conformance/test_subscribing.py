"""Behaviours of subscriptions: what reaches the wire, who receives, and how they end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pybayeux import Channel, ConnectionState, Message, hookimpl
from pybayeux.errors import InvalidChannelError, PublishError, SubscribeError, TransportError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Fault
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")
DENYING = {"devserver": {"deny_subscribe": ("/denied/**",)}}
ATTENTIVE = {"cometd": {"multiSessionInterval": 20}}
"""CometD takes a new session beside one whose connect it still holds for a second window of one browser, and lets
them take turns, every two seconds unless told otherwise."""


@behaviour("S01")
@on(*EVERYWHERE)
@in_loop
async def test_several_subscriptions_to_a_channel_are_one_on_the_wire(target: Target) -> None:
    channel, tap = "/conformance/once", Tap()
    handled: asyncio.Queue[Message] = asyncio.Queue()
    async with target.client(tap) as client:
        first = await client.subscribe(channel)
        second = await client.subscribe(channel)
        await client.subscribe(channel, handled.put_nowait)
        assert await target.subscribed(client.client_id) == [channel]
        assert len(tap.sent(Channel.META_SUBSCRIBE)) == 1
        await target.send(channel, "for all")
        assert await take(first, 1) == await take(second, 1) == [(await handled.get()).data] == ["for all"]


@behaviour("S01")
@on(*EVERYWHERE)
@in_loop
async def test_subscriptions_made_at_the_same_time_are_all_answered(target: Target) -> None:
    channel, tap = "/conformance/together", Tap()
    async with target.client(tap) as client:
        both = await asyncio.gather(client.subscribe(channel), client.subscribe(channel))
        assert len(tap.sent(Channel.META_SUBSCRIBE)) == 1
        await target.send(channel, 1)
        assert [await take(each, 1) for each in both] == [[1], [1]]


@behaviour("S02")
@on(*EVERYWHERE)
@in_loop
async def test_the_end_of_the_last_subscription_alone_reaches_the_wire(target: Target) -> None:
    channel, tap = "/conformance/last", Tap()
    async with target.client(tap) as client:
        first = await client.subscribe(channel)
        second = await client.subscribe(channel)
        await first.unsubscribe()
        assert await target.subscribed(client.client_id) == [channel]
        assert tap.sent(Channel.META_UNSUBSCRIBE) == []
        await second.unsubscribe()
        assert await target.subscribed(client.client_id) == []
        assert [message.subscription for message in tap.sent(Channel.META_UNSUBSCRIBE)] == [channel]


@behaviour("S03")
@on(*EVERYWHERE, instead=DENYING)
@in_loop
async def test_a_refused_subscription_is_gone_with_the_error_told(target: Target) -> None:
    tap = Tap()
    async with target.client(tap) as client:
        for attempt in (1, 2):  # it counts no more, so the server is asked again
            with pytest.raises(SubscribeError, match="/denied/here") as refused:
                await client.subscribe("/denied/here")
            assert (refused.value.channel, refused.value.code) == ("/denied/here", 403)
            assert refused.value.reply is not None
            assert len(tap.sent(Channel.META_SUBSCRIBE)) == attempt
        assert await target.subscribed(client.client_id) == []
        await client.unsubscribe("/denied/here")
        assert tap.sent(Channel.META_UNSUBSCRIBE) == []


@behaviour("S03")
@on(*EVERYWHERE, instead=DENYING)
@in_loop
async def test_a_refusal_leaves_what_is_asked_for_beside_it(target: Target) -> None:
    async with target.client() as client:
        replies = await asyncio.gather(
            client.subscribe("/denied/beside"), client.subscribe("/conformance/beside"), return_exceptions=True
        )
        refused, granted = replies
        assert isinstance(refused, SubscribeError)
        assert not isinstance(granted, BaseException)
        await target.send("/conformance/beside", 1)
        assert await take(granted, 1) == [1]


@behaviour("S04")
@on(*EVERYWHERE)
@in_loop
async def test_a_subscription_that_could_not_be_asked_for_is_told_and_asked_for_again(
    target: Target, proxy: Proxy
) -> None:
    channel, tap, journal = "/conformance/unheard", Tap(), Journal()
    fault = proxy.add(Fault(Action.CUT, b"/meta/subscribe"))
    async with target.client(tap, journal) as client:
        events = await client.subscribe(channel)  # it returns when the server has answered
        assert fault.struck == 1
        assert len(tap.sent(Channel.META_SUBSCRIBE)) == 2
        assert journal.failures(TransportError)
        told = [reply for reply in journal.received if reply.channel == Channel.META_SUBSCRIBE]
        assert [(reply.successful, reply.subscription) for reply in told] == [(False, channel), (True, channel)]
        assert await target.subscribed(client.client_id) == [channel]
        await client.wait_for(ConnectionState.CONNECTED)
        await target.held(client.client_id)
        await target.send(channel, 1)
        assert await take(events, 1) == [1]


@behaviour("S05")
@on(*EVERYWHERE, instead=ATTENTIVE)
@in_loop
async def test_a_new_handshake_restores_each_subscription_once(target: Target) -> None:
    channels = ["/conformance/again/**", "/conformance/restored"]
    tap, journal = Tap(), Journal()
    async with target.client(tap, journal) as client:
        wide, narrow, another = [await client.subscribe(channel) for channel in (*channels, channels[1])]
        before = client.client_id
        await target.drop(before)
        with suppress(PublishError):  # a server that closes the WebSocket as well may be quicker
            await client.publish("/conformance/unknown", 1)  # most servers answer that they know no such session
        await journal.until(lambda: client.state == "connected" and client.client_id not in (None, before))
        asked = [message for message in tap.sent(Channel.META_SUBSCRIBE) if message.client_id == client.client_id]
        assert [message.subscription for message in asked] == channels
        assert await target.subscribed(client.client_id) == channels
        for number in (1, 2):
            await target.send("/conformance/again/a", number)
            await target.send("/conformance/restored", number)
        assert [await take(each, 2) for each in (wide, narrow, another)] == [[1, 2]] * 3


@behaviour("S06")
@on(*EVERYWHERE, instead=ATTENTIVE)
@in_loop
async def test_a_handshake_s_listener_may_subscribe(target: Target) -> None:
    received: asyncio.Queue[Message] = asyncio.Queue()
    sessions: list[str] = []
    client = target.client()

    async def subscribe_afresh(reply: Message) -> None:
        if sessions:
            await client.unsubscribe(sessions[-1])
        sessions.append(f"/conformance/dynamic/{len(sessions)}")
        await client.subscribe(sessions[-1], received.put_nowait)
        granted.set()

    granted = asyncio.Event()
    client.listen(Channel.META_HANDSHAKE, subscribe_afresh)
    async with client:
        for number in range(2):
            if number:
                client.rehandshake("a test")
            await granted.wait()
            granted.clear()
            assert await target.subscribed(client.client_id) == [f"/conformance/dynamic/{number}"]
            await target.send(f"/conformance/dynamic/{number}", number)
            assert (await received.get()).data == number


@behaviour("S07")
@on(*EVERYWHERE)
@in_loop
async def test_several_channels_in_one_request_are_answered_one_by_one(target: Target) -> None:
    channels = [f"/conformance/list/{name}" for name in "abc"]
    tap = Tap()
    async with target.low_client(tap) as client:
        await client.handshake()
        replies = await client.subscribe([*channels, channels[0]])
        assert [(reply.subscription, reply.successful) for reply in replies] == [(each, True) for each in channels]
        assert tap.channels()[1:] == [[Channel.META_SUBSCRIBE] * 3]
        assert await target.subscribed(client.client_id) == channels
        await client.unsubscribe(channels[1:])
        assert await target.subscribed(client.client_id) == channels[:1]
        await client.disconnect()


class _AnotherOne:
    """An extension that asks for a second channel in the same message."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_SUBSCRIBE:
            message.subscription = [str(message.subscription), "/conformance/array/b"]


@behaviour("S07")
@on(*EVERYWHERE)
@in_loop
async def test_a_reply_with_an_array_of_channels_answers(target: Target) -> None:
    journal = Journal()
    async with target.client(journal, _AnotherOne()) as client:
        events = await client.subscribe("/conformance/array/a")
        channels = ["/conformance/array/a", "/conformance/array/b"]
        assert await target.subscribed(client.client_id) == channels
        [reply] = [message for message in journal.received if message.channel == Channel.META_SUBSCRIBE]
        assert reply.subscription == channels
        await target.send("/conformance/array/a", 1)
        assert await take(events, 1) == [1]


@behaviour("S08")
@on(*EVERYWHERE)
@in_loop
async def test_meta_channels_cannot_be_subscribed_to(target: Target) -> None:
    tap = Tap()
    async with target.client(tap) as client:
        for channel in (Channel.META_CONNECT, "/meta/*", "/meta/**"):
            with pytest.raises(InvalidChannelError, match="listen"):
                await client.subscribe(channel)
        assert tap.sent(Channel.META_SUBSCRIBE) == []
        assert client.state == "connected"


@behaviour("S08")
@on(*EVERYWHERE)
@in_loop
async def test_a_service_channel_is_subscribed_to_without_the_server_s_knowledge(target: Target) -> None:
    tap = Tap()
    async with target.client(tap) as client:
        async with client.subscribe("/service/conformance"):  # Faye would refuse it
            assert await target.subscribed(client.client_id) == []
        assert tap.sent(Channel.META_SUBSCRIBE) == tap.sent(Channel.META_UNSUBSCRIBE) == []


@behaviour("S08")
@on("devserver")  # no other one can be made to send to a service channel, but in answer to a call
@in_loop
async def test_a_service_channel_delivers(target: Target) -> None:
    async with target.client() as client, client.subscribe("/service/news") as events:
        await target.held(client.client_id)
        await asyncio.to_thread(dev_server(target).push, {"channel": "/service/news", "data": "for you"})
        assert await take(events, 1) == ["for you"]


@behaviour("S11")
@on(*EVERYWHERE)
@in_loop
async def test_a_trailing_slash_names_the_same_channel(target: Target) -> None:
    tap = Tap()
    async with (
        target.client(tap) as client,
        client.subscribe("/conformance/slash/") as slash,
        client.subscribe("/conformance/slash") as plain,
    ):
        assert [message.subscription for message in tap.sent(Channel.META_SUBSCRIBE)] == ["/conformance/slash"]
        await client.publish("/conformance/slash/", 1)
        assert await take(slash, 1) == await take(plain, 1) == [1]
        await client.unsubscribe("/conformance/slash/")
        assert slash.closed
        assert plain.closed


@behaviour("S12")
@on(*EVERYWHERE)
@in_loop
async def test_a_subscription_that_was_ended_gives_no_more_events_and_others_stay(target: Target) -> None:
    async with target.client() as client, client.subscribe("/conformance/stays") as stays:
        ended = await client.subscribe("/conformance/ends")
        await client.publish("/conformance/ends", "waits when it ends")
        await client.publish("/conformance/stays", 1)
        assert await take(stays, 1) == [1]
        await ended.unsubscribe()
        assert ended.closed
        await client.publish("/conformance/ends", "too late")
        await client.publish("/conformance/stays", 2)
        assert await take(stays, 1) == [2]
        assert [event async for event in ended] == []
        again = await client.subscribe("/conformance/ends")
        await client.publish("/conformance/ends", "anew")
        assert await take(again, 1) == ["anew"]
        assert ended.pending == 0


@behaviour("S13")
@on(*EVERYWHERE)
@in_loop
async def test_ending_one_subscription_leaves_the_others_of_its_channel(target: Target) -> None:
    channel = "/conformance/handles"
    async with target.client() as client:
        one, other, wide = [await client.subscribe(name) for name in (channel, channel, "/conformance/handles/**")]
        await one.unsubscribe()
        await target.send(channel, 1)
        await target.send(f"{channel}/x", 2)
        assert await take(other, 1) == [1]
        assert await take(wide, 1) == [2]
        assert (one.closed, one.pending) == (True, 0)
