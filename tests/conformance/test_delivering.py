"""Behaviours of delivery: who gets which events, in which order, with what in them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Channel, ConnectionState, Message, hookimpl
from pybayeux.errors import InvalidChannelError, MalformedMessageError
from tests.conformance.servers import behaviour, dev_server, on
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.conformance.servers import Target

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")


@behaviour("S09")
@on(*EVERYWHERE)
@in_loop
async def test_everything_means_broadcast_channels_alone(target: Target) -> None:
    async with target.client() as client, client.subscribe("/**") as events:
        await client.publish("/service/echo", "for the server alone")  # CometD and the devserver send an answer
        await client.publish("/conformance/everything/a/b", 1)
        event = await anext(events)
        assert (event.channel, event.data) == ("/conformance/everything/a/b", 1)


@behaviour("S09")
@on("devserver")  # no other one can be made to send to a service or meta channel unasked
@in_loop
async def test_everything_is_without_what_is_sent_to_service_and_meta_channels(target: Target) -> None:
    async with target.client() as client, client.subscribe("/**") as events:
        await target.held(client.client_id)
        for channel in ("/service/news", "/meta/news", "/news"):
            await asyncio.to_thread(dev_server(target).push, {"channel": channel, "data": channel})
        assert await take(events, 1) == ["/news"]


@behaviour("S10")
@on(*EVERYWHERE)
@in_loop
async def test_each_pattern_gets_what_it_covers_and_nothing_else(target: Target) -> None:
    base = "/conformance/wild"
    covered = {
        f"{base}/a": {f"{base}/a"},
        f"{base}/*": {f"{base}/a", f"{base}/ab"},
        f"{base}/a/*": {f"{base}/a/b"},
        f"{base}/a/**": {f"{base}/a/b", f"{base}/a/b/c"},
    }
    # cometd-nodejs sends an event once for each subscription that covers it: what is asked here is who gets which.
    received: dict[str, set[str]] = {name: set() for name in covered}
    async with target.client() as client:
        subscriptions = {name: await client.subscribe(name) for name in covered}
        for channel in (base, f"{base}/a", f"{base}/ab", f"{base}/a/b", f"{base}/a/b/c", f"{base}x/a", f"{base}/ab"):
            await client.publish(channel, channel)
        for name, events in subscriptions.items():
            while received[name] < covered[name] or events.pending:
                received[name].add((await anext(events)).channel)
    assert received == covered


def _note(received: asyncio.Queue[str], pattern: str, event: Message) -> None:
    received.put_nowait(pattern)


@behaviour("S10")
@on("cometd", "faye", "devserver")  # cometd-nodejs sends an event once for each subscription that covers it
@in_loop
async def test_an_event_reaches_its_receivers_once_the_most_specific_first(target: Target) -> None:
    channel = "/conformance/order/a"
    patterns = ["/**", "/conformance/order/*", channel, "/conformance/**", "/conformance/order/**"]
    received: asyncio.Queue[str] = asyncio.Queue()
    async with target.client() as client:
        for pattern in patterns:
            await client.subscribe(pattern, partial(_note, received, pattern))
        await client.publish(channel, 1)
        specific_first = [channel, "/conformance/order/*", "/conformance/order/**", "/conformance/**", "/**"]
        assert [await received.get() for _ in patterns] == specific_first
        await client.publish("/conformance/elsewhere", 2)
        assert [await received.get() for _ in range(2)] == ["/conformance/**", "/**"]


@behaviour("S10")
@on(*EVERYWHERE)
@in_loop
async def test_what_is_no_pattern_is_refused(target: Target) -> None:
    async with target.client() as client:
        for name in ("", "/", "//", "/a//b", "/a/*/b", "/**/b", "/a*", "/***", "a/*"):
            with pytest.raises(InvalidChannelError):
                await client.subscribe(name)
        assert client.state == "connected"


@behaviour("S14")
@on("faye", "devserver", instead={"devserver": {"event_ids": True}})  # the others do not tell a publisher's id
@in_loop
async def test_an_event_with_the_id_of_the_publish_under_way_is_no_reply(target: Target) -> None:
    channel, journal = "/conformance/ids", Journal()
    async with target.client(journal) as client, client.subscribe(channel) as events:
        reply = await client.publish(channel, "mine")
        event = await anext(events)
        assert (event.id, event.data, event.successful) == (reply.id, "mine", None)
        assert (reply.successful, reply.has_data) == (True, False)
        assert [message.has_data for message in journal.received if message.channel == channel].count(True) == 1


@behaviour("S14")
@on("devserver")  # another client's event with this very id, at this very moment, has to be made
@in_loop
async def test_an_event_with_the_id_of_any_request_under_way_is_an_event(target: Target) -> None:
    server = dev_server(target)
    async with target.client() as client, client.subscribe("/conformance/strange") as events:
        await target.held(client.client_id)
        server.faults.hold_replies(channel="/conformance/slow")
        publishing = asyncio.create_task(client.publish("/conformance/slow", 1))
        [asked] = await asyncio.to_thread(server.received, "/conformance/slow")
        event = {"channel": "/conformance/strange", "data": "no reply", "id": asked["id"]}
        await asyncio.to_thread(server.push, event)
        assert await take(events, 1) == ["no reply"]
        assert not publishing.done()
        server.faults.release_replies()
        assert (await publishing).successful


@behaviour("S15")
@on(*EVERYWHERE)
@in_loop
async def test_payloads_that_are_false_are_delivered(target: Target) -> None:
    payloads = [0, "", False, []]
    async with target.client() as client, client.subscribe("/conformance/false") as events:
        await target.held()
        await target.send("/conformance/false", *payloads)
        received = await take(events, len(payloads))
    assert received == payloads
    assert list(map(type, received)) == list(map(type, payloads))


@behaviour("S16")
@on(*EVERYWHERE)
@in_loop
async def test_text_in_any_script_there_and_back(target: Target) -> None:
    text = 'Zoë ß ж 漢字 ע 🎉 e\u0301 \u2028\u2029 \x01\t"\\/</script>&%25 +'
    async with target.client() as client, client.subscribe("/conformance/text") as events:
        await target.send("/conformance/text", text)
        assert await take(events, 1) == [text]
        await client.publish("/conformance/text", [text, text])
        assert await take(events, 1) == [[text, text]]


class _EventsOf:
    """An extension that notes the events of one channel, and what they came with, as they arrive."""

    def __init__(self, channel: str) -> None:
        self.data: list[Any] = []
        self._channel = channel

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        if message.channel == self._channel and message.has_data:
            self.data.append(message.data)


@behaviour("S17")
@on(*EVERYWHERE)
@in_loop
async def test_events_in_any_reply_come_once_and_in_order(target: Target) -> None:
    channel = "/conformance/replies"
    async with target.client() as client, client.subscribe(channel) as events:
        for number in range(0, 30, 3):
            await client.publish(channel, number)  # its event may come with this reply, or with the held connect's
            await client.subscribe(f"/conformance/replies/{number}")  # or with this one
            assert await take(events, 1) == [number]
            async with client.batch() as batch:
                batch.publish(channel, number + 1)
                batch.publish(channel, number + 2)
            # By HTTP they come perhaps on two connections; CometD's server sends them from two threads.
            assert sorted(await take(events, 2)) == [number + 1, number + 2]
        await client.publish(channel, "end")
        assert await take(events, 1) == ["end"]


@behaviour("S17")
@on("devserver", order="reply-first")
@in_loop
async def test_events_behind_the_reply_that_they_come_with(target: Target) -> None:
    noted = _EventsOf("/conformance/behind")
    async with target.client(noted) as client, client.subscribe("/conformance/behind") as events:
        for number in range(10):
            await client.publish("/conformance/behind", number)
        assert await take(events, 10) == noted.data
        assert sorted(noted.data) == list(range(10)), "they come with two answers at a time"


class _Patience:
    """An extension that lets no connect leave until told so."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_CONNECT:
            await self.over.wait()


@behaviour("S18")
# Faye delivers to no session that has not connected, CometD by callback-polling with connects alone.
@on("cometd", "cometd-node", "devserver", transports=["long-polling", "websocket"])
@in_loop
async def test_events_before_the_first_connect_is_answered(target: Target) -> None:
    patience = _Patience()
    client = target.client(patience)
    starting = asyncio.create_task(client.start())
    await client.wait_for(ConnectionState.HANDSHAKEN)
    events = await client.subscribe("/conformance/early")
    await client.publish("/conformance/early", 1)
    await client.publish("/conformance/early", 2)
    assert await take(events, 2) == [1, 2]
    assert client.state is ConnectionState.CONNECTING
    patience.over.set()
    await starting
    await client.publish("/conformance/early", 3)
    assert await take(events, 1) == [3]
    await client.close()


@behaviour("S19")
@on(*EVERYWHERE)
@in_loop
async def test_a_dense_stream_arrives_whole_and_in_order(target: Target) -> None:
    count = 1_000
    async with target.client() as client, client.subscribe("/conformance/dense") as events:
        await target.held(client.client_id)
        sending = asyncio.create_task(target.stream("/conformance/dense", count))
        received = [data["seq"] for data in await take(events, count)]
        await sending
        assert received == list(range(count))
        assert events.pending == 0


async def _publish_and_see(target: Target, *, echoed: bool) -> None:
    """Publish as one of two subscribers, and see who gets it."""
    channel, journal = "/conformance/echo", Journal()
    async with (
        target.client(journal) as client,
        target.client() as other,
        client.subscribe(channel) as own,
        other.subscribe(channel) as others,
    ):
        await client.publish(channel, "mine")
        await other.publish(channel, "theirs")
        assert sorted(await take(own, 2 if echoed else 1)) == sorted(["mine", "theirs"] if echoed else ["theirs"])
        # CometD may send an event with the connect after one with a later reply.
        events = [await anext(others) for _ in range(2 if echoed else 1)]
        [event] = [event for event in events if event.data == "mine"]
        assert (event.client_id, own.pending, others.pending) == (None, 0, 0)
        received = [message for message in journal.received if message.channel == channel and message.has_data]
        assert [message.client_id for message in received] == [None] * len(received)


@behaviour("S20")
@on(*EVERYWHERE)
@in_loop
async def test_own_publishes_come_back(target: Target) -> None:
    await _publish_and_see(target, echoed=True)


@behaviour("S20")
@on("cometd", "devserver", instead={  # the others cannot be told so
    "cometd": {"broadcastToPublisher": False}, "devserver": {"echo_to_publisher": False}
})  # fmt: skip
@in_loop
async def test_own_publishes_do_not_come_back_where_the_server_has_it_so(target: Target) -> None:
    await _publish_and_see(target, echoed=False)


@behaviour("S21")
@on("devserver")  # servers in good order send no such thing
@in_loop
async def test_messages_that_make_no_sense_are_reported_and_stop_nothing(target: Target) -> None:
    server, journal = dev_server(target), Journal()
    async with target.client(journal) as client, client.subscribe("/conformance/odd") as events:
        await target.held(client.client_id)
        for odd in ({"data": "no channel"}, {"channel": "/conformance/odd", "data": 1, "id": 7, "colour": "red"}):
            await asyncio.to_thread(server.push, odd)
        event = await anext(events)
        assert (event.data, event.id, event.extra) == (1, "7", {"colour": "red"})
        await journal.until(lambda: bool(journal.failures(MalformedMessageError)))
        assert "no channel" in str(journal.failures(MalformedMessageError)[0])
        await target.send("/conformance/odd", 2)
        assert await take(events, 1) == [2]
        assert journal.count(ConnectionState.CONNECTED) == 1
