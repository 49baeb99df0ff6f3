from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from core.tests.bayeux_support import connected, make_client
from core.tests.fake_server import FakeServer
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, BayeuxClient, ConnectionState, Drop, Message, hookimpl
from pybayeux.errors import (
    ClientStateError,
    ConnectError,
    DisconnectError,
    ExchangeTimeoutError,
    ExtensionError,
    HandshakeError,
    InvalidChannelError,
    MessageDropped,
    PublishError,
    SubscribeError,
    TransportError,
    UnsubscribeError,
    UsageError,
)


@in_virtual_time
async def test_each_call_is_one_request_and_returns_its_response() -> None:
    server = FakeServer(hold=0)
    async with make_client(server) as client:
        (shaken,) = await client.handshake()
        assert (shaken.client_id, client.client_id, client.state) == ("session-1", "session-1", "connecting")
        await client.subscribe(["/a", "/b"])
        server.push("/a", 1)
        event, reply = await client.connect()
        assert (event.data, reply.channel, client.state) == (1, "/meta/connect", "connected")
        await client.unsubscribe(["/a"])
        (published,) = await client.publish("/a", 2)
        assert published.successful
        await client.disconnect()
        assert (client.state, client.client_id) == (ConnectionState.UNCONNECTED, None)
    assert server.batches == [
        ["/meta/handshake"],
        ["/meta/subscribe", "/meta/subscribe"],
        ["/meta/connect"],
        ["/meta/unsubscribe"],
        ["/a"],
        ["/meta/disconnect"],
    ]
    assert server.opened == 0


@in_virtual_time
async def test_nothing_happens_by_itself() -> None:
    server = FakeServer(hold=0)
    client = await connected(server)
    sent = len(server.received)
    await asyncio.sleep(3600)
    assert len(server.received) == sent
    await client.close()


def test_the_address_shows_no_password() -> None:
    client = make_client(FakeServer())
    assert client.url == "http://fake/cometd"
    assert repr(client) == "<BayeuxClient http://fake/cometd unconnected>"


def test_it_takes_its_credentials_out_of_a_text() -> None:
    client = BayeuxClient("https://host/cometd", discover=False)
    assert client.redact("Bearer 123") == "Bearer ***"


@in_virtual_time
async def test_calls_that_need_a_session_raise_without_one() -> None:
    client = make_client(FakeServer())
    for call in (client.connect(), client.subscribe(["/a"]), client.unsubscribe(["/a"]), client.disconnect()):
        with pytest.raises(ClientStateError, match="handshake"):
            await call


@in_virtual_time
async def test_a_publish_needs_no_session() -> None:
    server = FakeServer()
    await make_client(server).publish("/a", 1)
    assert server.messages("/a")[0].client_id is None


@in_virtual_time
async def test_one_handshake_at_a_time() -> None:
    client = await connected(FakeServer())
    with pytest.raises(ClientStateError):
        await client.handshake()
    assert client.state is ConnectionState.CONNECTED


@in_virtual_time
async def test_a_refused_handshake_can_be_tried_again() -> None:
    server = FakeServer()
    client = make_client(server)
    server.refuse_next("/meta/handshake", "403::denied")
    server.answer_next("/meta/handshake", client_id=None)
    server.answer_next("/meta/handshake", client_id="x", supported_connection_types=["iframe"])
    for why in ("403::denied", "no clientId", "405.*no_transport"):
        with pytest.raises(HandshakeError, match=why):
            await client.handshake()
        assert (client.state, client.client_id) == (ConnectionState.UNCONNECTED, None)
    server.fail(TransportError("refused"))
    with pytest.raises(TransportError):
        await client.handshake()
    await client.handshake()
    assert client.client_id == "session-1"


@in_virtual_time
async def test_one_connect_at_a_time() -> None:
    server = FakeServer(hold=30)
    client = make_client(server)
    await client.handshake()
    held = asyncio.ensure_future(client.connect())
    await settle()
    with pytest.raises(ClientStateError, match="outstanding"):
        await client.connect()
    await client.publish("/a", 1)
    server.push("/b", 2)
    assert [message.channel for message in await held] == ["/b", "/meta/connect"]


@in_virtual_time
async def test_a_failed_connect_can_be_tried_again() -> None:
    server = FakeServer(hold=0)
    client = await connected(server)
    server.refuse_next("/meta/connect", "402::session_unknown", advice=Advice(reconnect="handshake"))
    with pytest.raises(ConnectError) as caught:
        await client.connect()
    assert caught.value.error is not None
    assert caught.value.error.is_unknown_client
    assert client.state == "connecting"
    server.fail(TransportError("reset"))
    with pytest.raises(TransportError):
        await client.connect()
    await client.connect()
    assert client.state == "connected"


@in_virtual_time
async def test_a_connect_is_given_the_advised_time_and_the_networks() -> None:
    server = FakeServer(hold=20)
    client = make_client(server, max_network_delay=4)
    await client.handshake()
    server.silent.add("/meta/connect")
    before = asyncio.get_running_loop().time()
    with pytest.raises(ExchangeTimeoutError, match="/meta/connect"):
        await client.connect()
    assert asyncio.get_running_loop().time() - before == pytest.approx(24)


@in_virtual_time
async def test_refusals_are_reported() -> None:
    server = FakeServer()
    client = await connected(server)
    server.refuse_next("/meta/subscribe", "403::denied")
    with pytest.raises(SubscribeError, match="/a"):
        await client.subscribe(["/a", "/b"])
    server.refuse_next("/meta/unsubscribe", "403::denied")
    with pytest.raises(UnsubscribeError):
        await client.unsubscribe(["/a"])
    server.refuse_next("/a", "403::denied")
    with pytest.raises(PublishError):
        await client.publish("/a", 1)
    server.refuse_next("/meta/disconnect", "403::denied")
    with pytest.raises(DisconnectError):
        await client.disconnect()
    assert client.state is ConnectionState.UNCONNECTED


@in_virtual_time
async def test_channels_are_checked_and_taken_once() -> None:
    server = FakeServer()
    client = await connected(server)
    await client.subscribe(["/a", "/a", "/b"])
    await client.subscribe("/c")
    assert server.subscriptions() == ["/a", "/b", "/c"]
    with pytest.raises(InvalidChannelError):
        await client.subscribe(["nonsense"])
    with pytest.raises(UsageError, match="at least one"):
        await client.subscribe([])


@in_virtual_time
async def test_calls_side_by_side_get_their_own_replies() -> None:
    server = FakeServer(hold=30)
    client = make_client(server)
    await client.handshake()
    held = asyncio.ensure_future(client.connect())
    published = await asyncio.gather(*(client.publish(f"/a/{number}", 1) for number in range(5)))
    assert [[reply.channel for reply in replies] for replies in published] == [[f"/a/{n}"] for n in range(5)]
    server.push("/x", 1)
    await held


@in_virtual_time
async def test_extensions_see_what_goes_out_and_what_comes_in() -> None:
    server = FakeServer(hold=0)
    told: list[Any] = []

    class Seeing:
        @hookimpl
        def outgoing(self, message: Message, client: BayeuxClient) -> Drop | None:
            message.get_ext(create=True)
            return Drop("not that") if message.channel == "/bad" else None

        @hookimpl
        async def incoming(self, message: Message) -> Drop | None:
            await asyncio.sleep(0)
            return Drop("seen enough") if message.data == "drop" else None

        @hookimpl
        def registered(self, name: str, client: BayeuxClient) -> None:
            told.append((name, client.client_id))

        @hookimpl
        def unregistered(self, name: str) -> None:
            told.append(name)

    async with make_client(server, Seeing()) as client:
        await client.handshake()
        with pytest.raises(MessageDropped, match="not that"):
            await client.publish("/bad", 1)
        server.push("/a", "drop", "keep")
        assert [message.data for message in await client.connect() if message.has_data] == ["keep"]
        await client.remove("seeing")
        await client.use(Seeing(), "again")
    assert told == [("seeing", None), "seeing", ("again", "session-1"), "again"]
    assert server.messages("/meta/handshake")[0].ext == {}


@in_virtual_time
async def test_an_answer_without_the_reply_is_a_failure() -> None:
    server = FakeServer()

    class Swallowing:
        @hookimpl
        def incoming(self, message: Message) -> Drop:
            return Drop("all")

    client = make_client(server, Swallowing())
    with pytest.raises(TransportError, match="no reply to /meta/handshake"):
        await client.handshake()


# -- options and extensions


@in_virtual_time
async def test_an_option_that_is_none_is_the_default() -> None:
    none = [name for name, each in inspect.signature(BayeuxClient).parameters.items() if each.default is None]
    assert {"http", "auth", "headers", "logger", "options", "transports"} <= set(none)
    options: dict[str, Any] = dict.fromkeys(none)
    client = BayeuxClient("http://fake/cometd", extensions=[FakeServer()], discover=False, **options)
    await client.handshake()
    assert client.client_id == "session-1"
    await client.close()


def test_a_transport_that_nothing_has_registered_is_refused() -> None:
    with pytest.raises(UsageError, match="invalid-polling"):
        make_client(FakeServer(), transports=["invalid-polling"])


@pytest.mark.parametrize("url", ["http://host:x/", "example.com", "ftp://example.com", "", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="url"):
        BayeuxClient(url, discover=False)


@in_virtual_time
async def test_an_extension_registers_once() -> None:
    class Ext:
        @hookimpl
        def outgoing(self, message: Message) -> None:
            message.get_ext(create=True)["seen"] = message.get_ext(create=True).get("seen", 0) + 1
            message.subscription = "/other" if message.subscription == "/a" else message.subscription

    server, extension = FakeServer(), Ext()
    client = await connected(server)
    await client.use(extension)
    for again, name in ((extension, None), (extension, "another"), (Ext(), "ext")):
        with pytest.raises(ExtensionError, match="registered already") as caught:
            client.use(again, name)
        assert caught.value.extension
    await client.subscribe(["/a"])
    (asked,) = server.messages("/meta/subscribe")
    assert (asked.ext, asked.subscription) == ({"seen": 1}, "/other")
