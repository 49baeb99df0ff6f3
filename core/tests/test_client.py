"""What users are promised of `AsyncClient`: living, receiving, sending."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, AsyncClient, Channel, ConnectionState, Message
from pybayeux.errors import (
    ClientStateError,
    ExchangeTimeoutError,
    InvalidChannelError,
    PublishError,
    ReceiverError,
    SessionEndedError,
    SubscribeError,
    TransportError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = Advice(reconnect="none")
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


class Order(msgspec.Struct):
    number: int


def now() -> float:
    return asyncio.get_running_loop().time()


# -- what it is given


@pytest.mark.parametrize(
    "arguments",
    [
        {"queue_size": 0},
        {"max_network_delay": 0},
        {"max_network_delay": -1},
        {"transports": ["carrier-pigeon"]},
        {"transports": []},
    ],
)
def test_wrong_arguments_are_told_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        AsyncClient("https://host/", discover=False, **arguments)


def test_the_address_shows_no_password() -> None:
    client = AsyncClient("https://user:s3cr3t@host/cometd?token=s3cr3t2", discover=False)
    assert client.url == "https://host/cometd?token=s3cr3t2"
    assert repr(client) == "<AsyncClient https://host/cometd disconnected>"
    assert client.client_id is None


# -- life


@in_virtual_time
async def test_the_block_starts_and_closes() -> None:
    server, witness = FakeServer(), Witness()
    client = make_client(server, witness)
    async with client as entered:
        assert entered is client
        assert (client.state, client.client_id) == (ConnectionState.CONNECTED, "session-1")
        assert server.opened == 1
    assert (client.state, client.client_id, server.opened) == (ConnectionState.DISCONNECTED, None, 0)
    assert server.messages("/meta/disconnect")[0].client_id == "session-1"
    assert witness.states == [
        "handshaking",
        "handshaken",
        "connecting",
        "connected",
        "disconnecting",
        "terminating",
        "disconnected",
    ]
    assert witness.errors == []


@in_virtual_time
async def test_it_stays_connected() -> None:
    server = FakeServer(hold=30)
    async with make_client(server):
        await asyncio.sleep(3600)
        assert len(server.messages("/meta/connect")) == 1 + 3600 // 30
        assert len(server.messages("/meta/handshake")) == 1


@in_virtual_time
async def test_a_closed_client_can_be_started_again() -> None:
    server = FakeServer()
    client = make_client(server)
    for session in ("session-1", "session-2"):
        await client.start()
        assert client.client_id == session
        await client.close()
        await client.close()
    assert server.opened == 0


@in_virtual_time
async def test_starting_twice_is_an_error_that_harms_nothing() -> None:
    async with make_client(FakeServer()) as client:
        with pytest.raises(ClientStateError, match="started already"):
            await client.start()
        assert client.state is ConnectionState.CONNECTED


@in_virtual_time
async def test_a_start_that_takes_too_long_closes_the_client() -> None:
    server = FakeServer()
    server.silent.add("/meta/handshake")
    client = make_client(server)
    with pytest.raises(TimeoutError):
        await client.start(timeout=3)
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)


@in_virtual_time
async def test_a_start_goes_on_trying() -> None:
    server, witness = FakeServer(), Witness()
    server.fail(*[TransportError("refused") for _ in range(4)])
    async with make_client(server, witness) as client:
        assert client.state is ConnectionState.CONNECTED
        assert server.times("/meta/handshake") == pytest.approx([0, 0, 1, 3, 6])
    assert [type(error) for error in witness.errors] == [TransportError] * 4


@in_virtual_time
async def test_a_start_that_the_server_refuses_for_good_raises() -> None:
    server = FakeServer()
    server.refuse_next("/meta/handshake", "403::handshake_denied", advice=NONE)
    client = make_client(server)
    with pytest.raises(SessionEndedError, match="403::handshake_denied"):
        await client.start()
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)
    await client.start()
    assert client.state is ConnectionState.CONNECTED
    await client.close()


@in_virtual_time
async def test_cancelling_the_start_closes_the_client() -> None:
    server = FakeServer()
    server.silent.add("/meta/handshake")
    client = make_client(server)
    starting = asyncio.ensure_future(client.start())
    await settle()
    starting.cancel()
    await asyncio.wait([starting])
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)


@in_virtual_time
async def test_closing_takes_no_longer_than_the_network_may() -> None:
    server = FakeServer()
    client = make_client(server, max_network_delay=4)
    await client.start()
    server.silent |= {"/meta/disconnect"}
    before = now()
    await client.close()
    assert now() - before == pytest.approx(4)


@in_virtual_time
async def test_closing_sends_what_waits() -> None:
    server = FakeServer()
    client = make_client(server)
    await client.start()
    publishing = asyncio.ensure_future(client.publish("/a", 1))
    await asyncio.sleep(0)
    await client.close()
    assert (await publishing).successful
    assert server.messages("/a")[0].data == 1


@in_virtual_time
async def test_waiting_for_a_state() -> None:
    server = FakeServer()
    client = make_client(server)
    with pytest.raises(TimeoutError):
        await client.wait_for("connected", timeout=1)
    waiting = asyncio.ensure_future(client.wait_for(ConnectionState.HANDSHAKEN))
    async with client:
        await waiting
        await client.wait_for("connected")
    await client.wait_for("disconnected")
    with pytest.raises(UsageError, match="nonsense"):
        await client.wait_for("nonsense")


@in_virtual_time
async def test_health_and_the_last_sign_of_life() -> None:
    server = FakeServer(hold=30)
    client = make_client(server)
    assert (client.last_seen, client.healthy, client.accepting, client.connection_type) == (None, False, True, None)
    async with client:
        assert (client.healthy, client.connection_type) == (True, "long-polling")
        assert client.last_seen is not None
        server.silent.add("/meta/connect")
        await asyncio.sleep(35)
        assert (client.state, client.healthy) == (ConnectionState.CONNECTED, True)
        await asyncio.sleep(34)
        assert (client.state, client.healthy) == (ConnectionState.UNCONNECTED, False)
    assert (client.state, client.healthy) == (ConnectionState.DISCONNECTED, False)


@in_virtual_time
async def test_a_client_that_does_not_poll_is_not_healthy_for_long() -> None:
    server = FakeServer(hold=30)
    async with make_client(server, queue_size=1) as client, client.subscribe("/a"):
        server.push("/a", 1)
        await asyncio.sleep(39)
        assert (client.state, client.healthy) == (ConnectionState.CONNECTED, True)
        await asyncio.sleep(2)
        assert (client.state, client.healthy) == (ConnectionState.CONNECTED, False)


@in_virtual_time
async def test_a_publish_may_fail_at_once_while_there_is_no_connection() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        assert (await client.publish("/a", 1, offline="fail")).successful
        server.failures += [TransportError("down")] * 99
        server.push("/x", 1)
        await client.wait_for("unconnected")
        with pytest.raises(PublishError, match="no connection: unconnected"):
            await client.publish("/a", 2, offline="fail")
        with pytest.raises(UsageError, match="offline"):
            await client.publish("/a", 2, offline="maybe")  # type: ignore[arg-type]
        server.failures.clear()
    assert [message.data for message in server.messages("/a")] == [1]


@in_virtual_time
async def test_a_publish_waits_no_longer_than_it_is_told_to_and_is_not_sent_later() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.failures += [TransportError("down", unsent=True)] * 99
        server.push("/x", 1)
        await client.wait_for("unconnected")
        before = now()
        with pytest.raises(PublishError, match="no answer within 5 s"):
            await client.publish("/a", 1, timeout=5)
        assert round(now() - before) == 5
        server.failures.clear()
        await client.wait_for("connected")
        assert (await client.publish("/a", 2)).successful
    assert [message.data for message in server.messages("/a") if message.data == 2] == [2]


@in_virtual_time
async def test_a_message_that_is_too_large_is_not_sent() -> None:
    server = FakeServer()
    async with make_client(server, max_message_size=100) as client:
        await client.publish("/a", "x" * 70)
        with pytest.raises(UsageError, match=r"publish to /a: \d+ bytes are more than max_message_size=100"):
            await client.publish("/a", "x" * 90)
    assert len(server.messages("/a")) == 1


@in_virtual_time
async def test_the_end_of_the_session_is_told_to_whoever_waits() -> None:
    server = FakeServer()
    client = make_client(server)
    await client.start()
    events = await client.subscribe("/a")
    reading = asyncio.ensure_future(anext(events))
    waiting = asyncio.ensure_future(client.wait_for("unconnected"))
    await settle()
    server.refuse_next("/meta/connect", "401::Authentication invalid", advice=NONE)
    server.push("/other", 1)
    for each in (reading, waiting):
        with pytest.raises(SessionEndedError, match="401::Authentication invalid"):
            await each
    with pytest.raises(SessionEndedError):
        await client.wait_for("connected")
    await client.wait_for("disconnected")
    with pytest.raises(SessionEndedError):
        await client.subscribe("/b")
    with pytest.raises(SessionEndedError):
        await client.publish("/b", 1)
    await client.close()
    assert server.opened == 0


# -- receiving


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
async def test_a_refused_subscription_is_told() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/meta/subscribe", "403:/closed:denied")
        with pytest.raises(SubscribeError, match="403:/closed:denied") as caught:
            await client.subscribe("/closed")
        assert caught.value.channel == "/closed"
        await client.subscribe("/closed")


@in_virtual_time
async def test_a_subscription_refused_at_the_start_is_told_to_its_receiver() -> None:
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


@in_virtual_time
async def test_a_handler_may_close_the_client() -> None:
    server = FakeServer()
    client = make_client(server)

    async def handle(event: Message) -> None:
        await client.close()

    await client.start()
    await client.subscribe("/a", handle)
    server.push("/a", 1)
    await client.wait_for("disconnected", timeout=60)
    await settle()


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


# -- sending


@in_virtual_time
async def test_publish_gives_the_servers_reply() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        reply = await client.publish("/chat", {"text": "hi"})
        assert (reply.channel, reply.successful) == ("/chat", True)
        (sent,) = server.messages("/chat")
        assert (sent.data, sent.client_id, sent.id == reply.id) == ({"text": "hi"}, "session-1", True)


@in_virtual_time
async def test_a_refused_publish_is_told() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/chat", "403:/chat:publish_denied")
        with pytest.raises(PublishError, match="publish_denied") as caught:
            await client.publish("/chat", 1)
        assert caught.value.code == 403


@in_virtual_time
async def test_publish_before_the_start_is_an_error() -> None:
    with pytest.raises(ClientStateError):
        await make_client(FakeServer()).publish("/a", 1)


@in_virtual_time
async def test_publish_waits_for_a_connection() -> None:
    server = FakeServer()
    client = make_client(server)
    server.fail(TransportError("refused"), TransportError("refused"))
    starting = asyncio.ensure_future(client.start())
    await settle()
    reply = await client.publish("/a", 1)
    assert reply.successful
    await starting
    await client.close()


@pytest.mark.parametrize("data", [object(), {"x": object()}, "\ud800", {1: {2: print}}, ENDLESS])
@in_virtual_time
async def test_what_json_cannot_express_is_a_usage_error(data: Any) -> None:
    async with make_client(FakeServer()) as client:
        with pytest.raises(UsageError, match="JSON"):
            await client.publish("/a", data)


@in_virtual_time
async def test_data_changed_after_the_call_is_not_sent() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        data = {"n": 1}
        publishing = asyncio.ensure_future(client.publish("/a", data))
        await asyncio.sleep(0)
        data["n"] = 2
        await publishing
        assert server.messages("/a")[0].data == {"n": 1}


@in_virtual_time
async def test_a_cancelled_publish_that_has_not_left_never_leaves() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.silent.add("/slow")
        slow = asyncio.ensure_future(client.publish("/slow", 1))
        await settle()
        publishing = asyncio.ensure_future(client.publish("/a", 1))
        await settle()
        publishing.cancel()
        with pytest.raises(PublishError):
            await slow
        await asyncio.sleep(60)
        assert server.messages("/a") == []


@in_virtual_time
async def test_a_batch_is_one_request() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/b", "403::no")
        async with client.batch() as batch:
            batch.publish("/a", 1)
            batch.publish("/b", 2)
        assert ["/a", "/b"] in server.batches
        accepted, refused = batch.replies
        assert isinstance(accepted, Message)
        assert isinstance(refused, PublishError)


@pytest.mark.parametrize("target", ["sum", "/sum", "/service/sum"])
@in_virtual_time
async def test_a_remote_call_is_answered_with_data(target: str) -> None:
    server = FakeServer()
    server.echo = lambda message: (
        [Message(channel=message.channel, id=message.id, data=sum(message.data))] if message.has_data else []
    )
    async with make_client(server) as client:
        answer = await client.call(target, [1, 2, 3])
        assert (answer.channel, answer.data) == ("/service/sum", 6)


@in_virtual_time
async def test_a_remote_call_without_an_answer_times_out() -> None:
    async with make_client(FakeServer()) as client:
        before = now()
        with pytest.raises(ExchangeTimeoutError, match="406::timeout"):
            await client.call("sum", [], timeout=3)
        assert now() - before == pytest.approx(3)


@in_virtual_time
async def test_a_refused_remote_call_is_told() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/service/sum", "404::no such call")
        with pytest.raises(PublishError, match="no such call"):
            await client.call("sum", [])


# -- for extensions


@in_virtual_time
async def test_resubscribe_asks_the_server_afresh() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await client.subscribe("/a")
        client.resubscribe("/a")
        await settle()
        assert ["/meta/unsubscribe", "/meta/subscribe"] in server.batches
        with pytest.raises(UsageError, match="nobody is subscribed"):
            client.resubscribe("/b")


@in_virtual_time
async def test_rehandshake_begins_a_new_session_with_the_same_subscriptions() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        events = await client.subscribe("/a")
        client.rehandshake("test")
        await settle()
        assert client.client_id == "session-2"
        assert server.subscriptions() == ["/a", "/a"]
        server.push("/a", 1)
        assert (await anext(events)).data == 1
    with pytest.raises(ClientStateError):
        client.rehandshake("test")


@pytest.mark.parametrize("name", [Channel.META_CONNECT, "/meta/connect"])
def test_channels_may_be_given_as_strings(name: str) -> None:
    sink: Callable[[Message], None] = lambda message: None  # noqa: E731
    assert make_client(FakeServer()).listen(name, sink).channel == "/meta/connect"
