"""What a client receives: subscriptions, handlers, listeners."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, now, settle
from pybayeux import AsyncClient, ConnectionState, Message
from pybayeux.errors import ClientStateError, InvalidChannelError, ReceiverError, SubscribeError, TransportError


class Order(msgspec.Struct):
    number: int


@in_virtual_time
async def test_events_come_to_the_subscriptions_that_cover_them() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        exact = await client.subscribe("/a/b")
        wide = await client.subscribe("/a/*")
        server.push("/a/b", 1)
        server.push("/a/c", 2)
        server.push("/x", 3)
        assert (await anext(exact)).data == 1
        assert [(await anext(wide)).data for _ in range(2)] == [1, 2]
        await exact.unsubscribe()
        await wide.unsubscribe()


@in_virtual_time
async def test_a_subscription_made_before_the_start() -> None:
    server = FakeServer()
    client = make_client(server)
    events = await client.subscribe("/a")
    assert server.received == []
    async with client:
        await settle()
        server.push("/a", 1)
        assert (await anext(events)).data == 1


@in_virtual_time
async def test_several_subscriptions_on_one_channel_are_one_on_the_wire() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        one, two = await asyncio.gather(*(_subscribed(client, "/a") for _ in range(2)))
        three = await client.subscribe("/a/")
        assert server.subscriptions() == ["/a"]
        server.push("/a", 1)
        for each in (one, two, three):
            assert (await anext(each)).data == 1
        await one.unsubscribe()
        await client.unsubscribe(two)
        assert server.messages("/meta/unsubscribe") == []
        await client.unsubscribe("/a")
        assert [message.subscription for message in server.messages("/meta/unsubscribe")] == ["/a"]
        assert all(each.closed for each in (one, two, three))


async def _subscribed(client: AsyncClient, channel: str) -> Any:
    return await client.subscribe(channel)


@in_virtual_time
async def test_subscriptions_of_one_moment_travel_together() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await asyncio.gather(*(_subscribed(client, f"/a/{number}") for number in range(20)))
        assert ["/meta/subscribe"] * 20 in server.batches


@in_virtual_time
async def test_a_block_ends_its_subscription() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        async with client.subscribe("/a") as events:
            server.push("/a", 1, 2)
            assert (await anext(events)).data == 1
        assert events.closed
        assert server.messages("/meta/unsubscribe")[0].subscription == "/a"
        assert witness.delivered_data == [1]


@in_virtual_time
async def test_a_refused_subscription_is_reported() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/meta/subscribe", "403:/closed:denied")
        with pytest.raises(SubscribeError, match="403:/closed:denied") as caught:
            await client.subscribe("/closed")
        assert caught.value.channel == "/closed"
        await client.subscribe("/closed")


@in_virtual_time
async def test_a_subscription_refused_at_the_start_raises_in_its_receiver() -> None:
    server, witness = FakeServer(), Witness()
    client = make_client(server, witness)
    events = await client.subscribe("/closed")
    server.refuse_next("/meta/subscribe", "403::denied")
    async with client:
        with pytest.raises(SubscribeError):
            await anext(events)
        assert isinstance(witness.errors[0], SubscribeError)
        assert client.state is ConnectionState.CONNECTED


@in_virtual_time
async def test_giving_up_a_subscribe_ends_it_on_the_wire() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.silent.add("/meta/subscribe")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await client.subscribe("/a")
        server.silent.clear()
        await asyncio.sleep(20)
        server.push("/a", 1)
        await settle()
        wanted = [m.channel for _, m in server.received if m.subscription == "/a"]
        assert wanted[-1:] != ["/meta/subscribe"] or len(wanted) == 1


@pytest.mark.parametrize("channel", ["", "a", "/a//b", "/*/a", "/meta/connect"])
def test_channels_are_checked_at_once(channel: str) -> None:
    client = make_client(FakeServer())
    with pytest.raises(InvalidChannelError):
        client.subscribe(channel)


@in_virtual_time
async def test_a_closed_client_takes_no_subscription() -> None:
    client = make_client(FakeServer())
    await client.close()
    with pytest.raises(ClientStateError, match="closed"):
        client.subscribe("/a")


@in_virtual_time
async def test_closing_ends_every_subscription() -> None:
    client = make_client(FakeServer())
    await client.start()
    events = await client.subscribe("/a")
    reading = asyncio.ensure_future(_read(events))
    await settle()
    await client.close()
    assert await reading == []
    assert events.closed


async def _read(events: Any) -> list[Any]:
    return [event.data async for event in events]


@in_virtual_time
async def test_a_handler_has_the_events_and_may_be_sync_or_async() -> None:
    server, witness, seen = FakeServer(), Witness(), []

    async def handle(event: Message) -> None:
        seen.append(event.data)

    async with make_client(server, witness) as client:
        await client.subscribe("/a", lambda event: seen.append(event.data))
        await client.subscribe("/b", handle, type=Order)
        server.push("/a", 1)
        server.push("/b", {"number": 2})
        await settle()
        assert seen == [1, Order(2)]
        assert witness.delivered_data == [1, {"number": 2}]


@in_virtual_time
async def test_closing_lets_a_handler_finish_its_event() -> None:
    server, witness, finished = FakeServer(), Witness(), []

    async def handle(event: Message) -> None:
        await asyncio.sleep(5)
        finished.append(event.data)

    client = make_client(server, witness)
    await client.start()
    await client.subscribe("/a", handle)
    server.push("/a", 1, 2)
    await settle()
    await client.close()
    assert finished == [1]


@in_virtual_time
async def test_closing_waits_for_no_handler_for_ever() -> None:
    server = FakeServer()

    async def handle(event: Message) -> None:
        await asyncio.Event().wait()

    client = make_client(server, max_network_delay=4)
    await client.start()
    await client.subscribe("/a", handle)
    server.push("/a", 1)
    await settle()
    before = now()
    await client.close()
    assert now() - before < 9


@pytest.mark.parametrize("is_coroutine_function", [True, False])
@in_virtual_time
async def test_a_handler_may_close_the_client(is_coroutine_function: bool) -> None:
    server = FakeServer()
    client = make_client(server)

    async def handle(event: Message) -> None:
        await client.close()

    await client.start()
    await client.subscribe("/a", handle if is_coroutine_function else lambda event: client.close())
    server.push("/a", 1)
    await client.wait_for("disconnected", timeout=60)
    await settle()
    assert server.opened == 0


@in_virtual_time
async def test_a_listener_may_close_the_client_that_starts() -> None:
    client = make_client(FakeServer())
    client.listen("/meta/handshake", lambda reply: client.close())
    with pytest.raises(ClientStateError, match="closed"):
        await asyncio.wait_for(client.start(), 60)
    await settle()
    assert client.state == "disconnected"


@in_virtual_time
async def test_a_handler_that_fails_ends_its_subscription_and_nothing_else() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        failing = await client.subscribe("/a", lambda event: 1 // 0)
        other = await client.subscribe("/a")
        server.push("/a", 1)
        await settle()
        assert failing.closed
        assert (await anext(other)).data == 1
        assert [type(error) for error in witness.errors] == [ReceiverError]
        assert witness.delivered_data == []


@in_virtual_time
async def test_a_handler_is_tried_again_with_growing_pauses() -> None:
    server, attempts = FakeServer(), []

    def handle(event: Message) -> None:
        attempts.append(now())
        if len(attempts) < 4:
            raise KeyError

    async with make_client(server) as client:
        await client.subscribe("/a", handle, on_error="retry")
        server.push("/a", 1)
        await asyncio.sleep(60)
        assert [round(moment - attempts[0]) for moment in attempts] == [0, 1, 3, 6]


@in_virtual_time
async def test_listeners_hear_replies_and_local_failures() -> None:
    server = FakeServer()
    heard: list[Message] = []
    client = make_client(server)
    listener = client.listen("/meta/handshake", heard.append)
    server.fail(TransportError("HTTP 503", status=503))
    async with client:
        failed, accepted = heard
        assert (failed.successful, failed.extra["failure"]["status"]) == (False, 503)
        assert accepted.client_id == "session-1"
        listener.remove()
        client.rehandshake("test")
        await settle()
        assert len(heard) == 2


def test_only_meta_channels_are_listened_to() -> None:
    with pytest.raises(InvalidChannelError, match="subscribe"):
        make_client(FakeServer()).listen("/a", print)
