"""Receivers that an extension holds back, and what becomes of the events meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, BayeuxClient, Client, Message, Redelivery, hookimpl
from pybayeux.errors import SessionEndedError, SlowReceiverError, UsageError


class Handler:
    """Notes the data of the events that it is called with."""

    def __init__(self) -> None:
        self.handled: list[Any] = []

    def __call__(self, event: Message) -> None:
        self.handled.append(event.data)


@in_virtual_time
async def test_a_receiver_gets_nothing_while_it_is_held_and_everything_in_order_afterwards() -> None:
    server, handler = FakeServer(), Handler()
    async with make_client(server) as client, client.subscribe("/a") as events:
        await client.subscribe("/b", handler)
        waiting = asyncio.ensure_future(anext(events))
        await settle()
        client.hold_events("test", "for a while")
        server.push("/a", 1, 2)
        server.push("/b", 1, 2)
        await settle()
        assert not waiting.done()
        assert events.pending == 2
        late = await client.subscribe("/b")
        server.push("/b", 3)
        await settle()
        assert (handler.handled, late.pending) == ([], 1)
        client.release_events("test")
        assert (await waiting).data == 1
        assert [(await anext(each)).data for each in (events, late)] == [2, 3]
        assert handler.handled == [1, 2, 3]
        server.push("/a", 3)
        assert (await anext(events)).data == 3


@in_virtual_time
async def test_receivers_that_are_held_again_while_they_are_released_take_no_event() -> None:
    server, handler = FakeServer(), Handler()
    async with make_client(server) as client:

        def hold_again(event: Message) -> None:
            handler(event)
            client.hold_events("test", "again")

        await client.subscribe("/a", hold_again)
        await client.subscribe("/b", handler)
        client.hold_events("test", "for a while")
        server.push("/a", 1, 2)
        server.push("/b", 3)
        await settle()
        client.release_events("test")
        await settle()
        assert handler.handled == [1]
        client.release_events("test")
        await settle()
        assert handler.handled[:2] == [1, 3]
        client.release_events("test")
        await settle()
        assert handler.handled == [1, 3, 2]


@pytest.mark.parametrize("kind", ["handler", "async handler", "iteration"])
@in_virtual_time
async def test_a_receiver_may_be_held_in_the_middle_of_a_batch(kind: str) -> None:
    server, handled = FakeServer(), list[Any]()
    async with make_client(server) as client:

        def handle(event: Message) -> None:
            handled.append(event.data)
            if event.data == 2:
                client.hold_events("test", "in the middle of a batch")

        async def handle_waiting(event: Message) -> None:
            handle(event)

        async def iterate() -> None:
            async for event in subscription:
                handle(event)

        handlers: dict[str, Any] = {"handler": handle, "async handler": handle_waiting, "iteration": None}
        subscription = await client.subscribe("/a", handlers[kind])
        receiving = asyncio.create_task(iterate()) if kind == "iteration" else None
        server.push("/a", 1, 2, 3, 4)
        await asyncio.sleep(60)
        assert handled == [1, 2]
        assert client.healthy, "the session goes on"
        client.release_events("test")
        await settle()
        assert handled == [1, 2, 3, 4]
    if receiving is not None:
        await receiving


@in_virtual_time
async def test_receivers_that_are_held_do_not_keep_the_client_from_closing() -> None:
    server, handler = FakeServer(), Handler()
    client = make_client(server)
    await client.start()
    client.hold_events("test")
    await client.subscribe("/a", handler)
    server.push("/a", 1, 2)
    await asyncio.sleep(1)
    await client.close()
    assert (server.opened, handler.handled) == (0, [])


@in_virtual_time
async def test_a_hold_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with make_client(FakeServer()) as client:
        client.hold_events("one", "the disk is full")
        client.hold_events("other")
    assert [text for text in caplog.messages if "held back" in text] == [
        "receivers are held back: one: the disk is full"
    ]


@in_virtual_time
async def test_a_handler_that_begins_while_receivers_are_held_gets_its_events_afterwards() -> None:
    server, handler = FakeServer(), Handler()
    async with make_client(server) as client:
        client.hold_events("test")
        await client.subscribe("/a", handler)
        server.push("/a", 1, 2)
        await settle()
        assert handler.handled == []
        client.release_events("test")
        assert handler.handled == [1, 2]
        server.push("/a", 3)
        await settle()
        assert handler.handled == [1, 2, 3]


@in_virtual_time
async def test_all_holders_have_to_release() -> None:
    server = FakeServer()
    async with make_client(server) as client, client.subscribe("/a") as events:
        client.hold_events("one", "")
        client.hold_events("one", "again")
        client.hold_events("other", "")
        server.push("/a", 1)
        client.release_events("one")
        waiting = asyncio.ensure_future(anext(events))
        await settle()
        assert not waiting.done()
        client.release_events("other")
        client.release_events("nobody")
        assert (await waiting).data == 1


@in_virtual_time
async def test_what_waits_is_given_up_on_request() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client, client.subscribe("/a") as events:
        client.hold_events("test", "")
        server.push("/a", 1, 2)
        await settle()
        client.release_events("test", discard=True)
        server.push("/a", 3)
        assert (await anext(events)).data == 3
    assert witness.delivered_data == [3]


class Redelivering:
    """Sends nothing again, but says so."""

    @hookimpl
    def redelivery(self) -> Redelivery:
        return Redelivery(lambda: None)


@in_virtual_time
async def test_the_session_is_kept_alive_as_for_slow_receivers() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, Redelivering(), queue_size=3) as client, client.subscribe("/a") as events:
        client.hold_events("test", "")
        server.push("/a", *range(5))
        await asyncio.sleep(300)
        before = len(server.messages("/meta/connect"))
        assert not client.accepting
        await asyncio.sleep(300)
        assert len(server.messages("/meta/connect")) > before
        assert len(server.messages("/meta/handshake")) == 1
        client.release_events("test")
        assert [(await anext(events)).data for _ in range(5)] == list(range(5))
    assert len([each for each in witness.errors if isinstance(each, SlowReceiverError)]) == 2


@in_virtual_time
async def test_a_subscription_that_ends_gives_up_what_is_held() -> None:
    server, handler = FakeServer(), Handler()
    async with make_client(server) as client:
        for manual in (False, True):
            events = await client.subscribe("/a", ack="manual" if manual else "auto")
            await client.subscribe("/b", handler)
            client.hold_events("test", "")
            server.push("/a", 1)
            server.push("/b", 1)
            await settle()
            await events.unsubscribe()
            with pytest.raises(StopAsyncIteration):
                await anext(events)
            client.release_events("test", discard=True)
    assert handler.handled == []


@in_virtual_time
async def test_a_session_that_ends_raises_its_error_in_a_held_receiver() -> None:
    server, handler = FakeServer(), Handler()
    async with make_client(server) as client:
        events = await client.subscribe("/a")
        await client.subscribe("/b", handler)
        client.hold_events("test", "")
        server.push("/a", 1)
        server.push("/b", 1)
        await settle()
        server.refuse_next("/meta/connect", "403::enough", advice=Advice(reconnect="none"))
        server.push("/a", 2)
        with pytest.raises(SessionEndedError):
            await anext(events)
    assert handler.handled == []


def test_the_synchronous_client_has_it_too() -> None:
    server = FakeServer()
    with Client("http://fake/cometd", extensions=[server], discover=False) as client, client.subscribe("/a") as events:
        client.hold_events("test", "")
        client.release_events("test", discard=True)
        assert events.pending == 0


def test_a_bayeux_client_has_no_receivers() -> None:
    client = BayeuxClient("http://fake/cometd", discover=False)
    with pytest.raises(UsageError, match="no receivers"):
        client.hold_events("test", "")
    with pytest.raises(UsageError, match="no receivers"):
        client.release_events("test")


@in_virtual_time
async def test_what_waits_on_one_channel_can_be_given_up_and_what_is_in_hand_is_finished() -> None:
    server, gate, handled = FakeServer(), asyncio.Event(), list[Any]()

    async def handle(event: Message) -> None:
        await gate.wait()
        handled.append((event.channel, event.data))

    async with make_client(server) as client:
        for channel in ("/a", "/b"):
            await client.subscribe(channel, handle)
            server.push(channel, 1, 2)
        await settle()
        assert (client.events_in_hand("/a"), client.events_in_hand("/c")) == (1, 0)
        client.discard_events("/a")
        gate.set()
        await settle()
        assert sorted(handled) == [("/a", 1), ("/b", 1), ("/b", 2)]
        assert client.events_in_hand("/a") == 0
        server.push("/a", 3)
        await settle()
        assert handled[-1] == ("/a", 3)


def test_the_low_level_client_has_no_events_in_hand() -> None:
    client = BayeuxClient("http://bayeux.test/cometd", discover=False)
    for call in (client.events_in_hand, client.discard_events):
        with pytest.raises(UsageError, match="has no receivers"):
            call("/a")


def test_events_in_hand_can_be_asked_for_from_any_thread() -> None:
    with Client("http://bayeux.test/cometd", discover=False, extensions=[FakeServer()]) as client:
        client.subscribe("/a")
        client.discard_events("/a")
        assert client.events_in_hand("/a") == 0
