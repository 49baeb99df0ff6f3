"""What users are promised of `AsyncClient`: what it is given, how it lives and ends, what it does for extensions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, now, settle
from pybayeux import Advice, AsyncClient, BayeuxClient, Channel, ConnectionState, Message
from pybayeux.errors import ClientStateError, PublishError, SessionEndedError, TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


NONE = Advice(reconnect="none")


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
def test_wrong_arguments_raise_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        AsyncClient("https://host/", discover=False, **arguments)


def test_the_address_shows_no_password() -> None:
    client = AsyncClient("https://user:s3cr3t@host/cometd?token=s3cr3t2", discover=False)
    assert client.url == "https://host/cometd?token=s3cr3t2"
    assert repr(client) == "<AsyncClient https://host/cometd disconnected>"
    assert client.client_id is None


@in_virtual_time
async def test_it_takes_its_credentials_out_of_a_text() -> None:
    async with make_client(FakeServer()) as client:
        assert client.client_id == "session-1"
        assert client.redact("of session-1, Bearer 123") == "of ***, Bearer ***"
        assert client.redact("a long text", limit=6) == "a lon…"


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
        assert server.times("/meta/handshake") == pytest.approx([0, 0, 1, 2, 3])
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
async def test_a_publish_waits_until_its_timeout_and_is_not_sent_later() -> None:
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
async def test_the_end_of_the_session_is_raised_in_every_waiting_call() -> None:
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


# -- for extensions


@in_virtual_time
async def test_resubscribe_sends_a_new_subscribe() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await client.subscribe("/a")
        client.resubscribe("/a")
        await settle()
        assert ["/meta/unsubscribe", "/meta/subscribe"] in server.batches
        with pytest.raises(UsageError, match="there is no subscription"):
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


@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient])
@pytest.mark.parametrize("argument", ["disabled", "discover"])
def test_a_string_is_no_list_of_names(kind: type, argument: str) -> None:
    with pytest.raises(
        UsageError, match=f"{argument}: expected a list of names, such as .'ack'.; got the string 'ack'"
    ):
        kind("http://localhost/", **{argument: "ack"})
