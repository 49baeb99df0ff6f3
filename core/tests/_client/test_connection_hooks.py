"""What extensions see, change and stop while a client runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, AsyncClient, ConnectionState, Drop, Message, hookimpl
from pybayeux.errors import BayeuxError, ExtensionError, MessageDropped, SubscribeError, TransportError


class Outgoing:
    """An extension whose `outgoing` is a function of the test's."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    def outgoing(self, message: Message, client: Any) -> Any:
        return self.function(message)


class Incoming:
    """An extension whose `incoming` is a function of the test's."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    def incoming(self, message: Message, client: Any) -> Any:
        return self.function(message)


@in_virtual_time
async def test_what_outgoing_changes_reaches_the_wire() -> None:
    server = FakeServer()

    def sign(message: Message) -> None:
        ext = message.get_ext(create=True)
        assert ext is not None
        ext["sig"] = f"{message.channel} {message.client_id} {message.id is not None}"

    async with make_client(server, Outgoing(sign)) as client:
        await client.publish("/a", 1)
    assert [m.ext for m in server.messages("/a")] == [{"sig": "/a session-1 True"}]
    assert [m.ext for m in server.messages("/meta/handshake")] == [{"sig": "/meta/handshake None True"}]


@in_virtual_time
async def test_no_extension_changes_an_id() -> None:
    server = FakeServer()

    def rename(message: Message) -> None:
        message.id = "mine"

    async with make_client(server, Outgoing(rename)) as client:
        assert (await client.publish("/a", 1)).successful


@in_virtual_time
async def test_a_vetoed_publish_is_not_sent_and_the_others_are() -> None:
    server = FakeServer()
    veto = Outgoing(lambda message: Drop("too rude") if message.data == "rude" else None)
    async with make_client(server, veto) as client:
        with pytest.raises(MessageDropped, match=r"404::message_deleted.*too rude"):
            await client.publish("/a", "rude")
        async with client.batch() as batch:
            for data in ("fine", "rude", "good"):
                batch.publish("/a", data)
        assert [type(reply) for reply in batch.replies] == [Message, MessageDropped, Message]
    assert [message.data for message in server.messages("/a")] == ["fine", "good"]


@in_virtual_time
async def test_a_vetoed_subscribe_is_reported() -> None:
    server = FakeServer()
    veto = Outgoing(lambda message: Drop("not that") if message.subscription == "/a" else None)
    async with make_client(server, veto) as client:
        with pytest.raises(BayeuxError, match="not that"):
            await client.subscribe("/a")
        await client.subscribe("/b")


@in_virtual_time
async def test_a_failing_outgoing_is_the_callers_error() -> None:
    server, witness = FakeServer(), Witness()

    def fail(message: Message) -> None:
        if message.channel == "/a":
            raise KeyError("broken")

    async with make_client(server, Outgoing(fail), witness) as client:
        with pytest.raises(ExtensionError) as caught:
            await client.publish("/a", 1)
        assert (caught.value.extension, caught.value.hook) == ("outgoing", "outgoing")
        assert (await client.publish("/b", 1)).successful
        assert client.state is ConnectionState.CONNECTED


@in_virtual_time
async def test_a_background_request_that_outgoing_fails_is_retried() -> None:
    server, witness, failures = FakeServer(), Witness(), [1, 2, 3]

    def fail(message: Message) -> None:
        if message.channel == "/meta/handshake" and failures:
            failures.pop()
            raise ConnectionError("the token service is down")

    async with make_client(server, Outgoing(fail), witness) as client:
        assert client.state is ConnectionState.CONNECTED
    assert len([error for error in witness.errors if isinstance(error, ExtensionError)]) >= 3


@in_virtual_time
async def test_a_vetoed_event_reaches_no_receiver() -> None:
    server, witness = FakeServer(), Witness()
    veto = Incoming(lambda message: Drop("seen") if message.data == 1 else None)
    async with make_client(server, veto, witness) as client:
        events = await client.subscribe("/a")
        server.push("/a", 1, 2)
        assert (await anext(events)).data == 2
        await events.unsubscribe()


@in_virtual_time
async def test_a_vetoed_connect_reply_does_not_stop_the_connects() -> None:
    server = FakeServer(hold=10)
    heard: list[Message] = []
    veto = Incoming(lambda message: Drop("never") if message.channel == "/meta/connect" else None)
    async with make_client(server, veto) as client:
        client.listen("/meta/connect", heard.append)
        await asyncio.sleep(100)
        assert len(server.messages("/meta/connect")) > 9
        assert heard == []


@in_virtual_time
async def test_a_vetoed_reply_is_the_callers_error() -> None:
    veto = Incoming(lambda message: Drop("never mind") if message.channel == "/a" else None)
    async with make_client(FakeServer(), veto) as client:
        with pytest.raises(MessageDropped, match="never mind"):
            await client.publish("/a", 1)


@in_virtual_time
async def test_a_failing_incoming_lets_the_message_pass() -> None:
    server, witness = FakeServer(), Witness()

    def fail(message: Message) -> None:
        raise KeyError("broken")

    async with make_client(server, Incoming(fail), witness) as client:
        events = await client.subscribe("/a")
        server.push("/a", 1)
        assert (await anext(events)).data == 1
        await events.unsubscribe()
    assert all(isinstance(error, ExtensionError) for error in witness.errors)
    assert witness.errors


@in_virtual_time
async def test_an_incoming_that_awaits_keeps_the_order() -> None:
    server = FakeServer()

    class Slow:
        @hookimpl
        async def incoming(self, message: Message) -> None:
            await asyncio.sleep(2 if message.data == 1 else 0)

    async with make_client(server, Slow()) as client:
        events = await client.subscribe("/a")
        server.push("/a", 1)
        await settle()
        server.push("/a", 2)
        assert [(await anext(events)).data for _ in range(2)] == [1, 2]


@in_virtual_time
async def test_stray_replies_reach_no_extension() -> None:
    server, seen = FakeServer(), []
    async with make_client(server, Incoming(lambda message: seen.append((message.channel, message.id)))) as client:
        events = await client.subscribe("/a")
        seen.clear()
        server._queue.append(Message(channel="/meta/connect", id="9999", successful=True))
        server.push("/a", 1)
        await anext(events)
        await settle()
        assert ("/meta/connect", "9999") not in seen
        assert ("/a", None) in seen


@in_virtual_time
async def test_a_failed_exchange_passes_incoming_as_local_replies() -> None:
    server, seen = FakeServer(), []

    def note(message: Message) -> None:
        if message.successful is False:
            seen.append((message.channel, message.error, message.extra["failure"]["status"]))

    server.fail(TransportError("HTTP 503 Busy", status=503))
    async with make_client(server, Incoming(note)):
        pass
    assert seen == [("/meta/handshake", "503::HTTP 503 Busy", 503)]


@in_virtual_time
async def test_an_extension_turns_a_refusal_into_a_new_start() -> None:
    server = FakeServer()

    class Reviver:
        @hookimpl
        def incoming(self, message: Message, client: AsyncClient) -> None:
            error = message.parse_error()
            if error is not None and error.code == 401:
                client.rehandshake("a fresh token")

    async with make_client(server, Reviver()) as client:
        server.refuse_next("/meta/connect", "401::Authentication invalid", advice=Advice(reconnect="none"))
        server.push("/nobody", 1)
        await asyncio.sleep(1)
        assert (client.state, client.client_id) == (ConnectionState.CONNECTED, "session-2")


@in_virtual_time
async def test_an_extension_turns_a_refused_subscription_into_another_attempt() -> None:
    server = FakeServer()
    asked: list[Any] = []

    class Again:
        @hookimpl
        def incoming(self, message: Message, client: AsyncClient) -> None:
            if message.channel == "/meta/subscribe" and message.successful is False and not asked:
                asked.append(message.subscription)
                client.resubscribe(str(message.subscription))

    async with make_client(server, Again()) as client:
        server.refuse_next("/meta/subscribe", "400::The replayId was invalid")
        await client.subscribe("/a")
        assert server.subscriptions() == ["/a", "/a"]
        server.refuse_next("/meta/subscribe", "400::The replayId was invalid")
        with pytest.raises(SubscribeError):
            await client.subscribe("/b")


@in_virtual_time
async def test_extensions_come_and_go_while_the_client_runs() -> None:
    server, told = FakeServer(), []

    class Noted:
        @hookimpl
        def registered(self, name: str) -> None:
            told.append(("registered", name))

        @hookimpl
        async def unregistered(self, name: str) -> None:
            told.append(("unregistered", name))

        @hookimpl
        def outgoing(self, message: Message) -> None:
            message.get_ext(create=True)

    async with make_client(server) as client:
        await client.use(Noted())
        await client.publish("/a", 1)
        await client.remove("noted")
        await client.publish("/a", 2)
        await client.use(Noted(), "another")
    assert told == [
        ("registered", "noted"),
        ("unregistered", "noted"),
        ("registered", "another"),
        ("unregistered", "another"),
    ]
    assert [message.ext for message in server.messages("/a")] == [{}, None]


@in_virtual_time
async def test_delivered_may_be_asynchronous() -> None:
    server, told = FakeServer(), []

    class Slow:
        @hookimpl
        async def delivered(self, message: Message) -> None:
            await asyncio.sleep(1)
            told.append(message.data)

    async with make_client(server, Slow()) as client, client.subscribe("/a") as events:
        server.push("/a", 1, 2)
        assert [(await anext(events)).data for _ in range(2)] == [1, 2]
        assert told == [1]
    assert told == [1, 2]


@in_virtual_time
async def test_state_changed_and_failed_may_be_asynchronous() -> None:
    server = FakeServer()
    told: list[Any] = []

    class Slow:
        @hookimpl
        async def state_changed(self, old: ConnectionState, new: ConnectionState) -> None:
            await asyncio.sleep(1)
            told.append(new)

        @hookimpl
        async def failed(self, error: BayeuxError) -> None:
            told.append(error)

    server.fail(TransportError("refused"))
    async with make_client(server, Slow()):
        await asyncio.sleep(10)
    assert told[0] is ConnectionState.HANDSHAKING
    assert isinstance(told[1], TransportError)
    assert told[-1] is ConnectionState.DISCONNECTED


@in_virtual_time
async def test_a_hook_that_never_returns_is_reported_and_the_connection_lives_on() -> None:
    server, witness = FakeServer(), Witness()

    class Stuck:
        @hookimpl
        async def incoming(self, message: Message) -> None:
            if message.channel == "/a":
                await asyncio.Event().wait()

    async with make_client(server, Stuck(), witness, hook_timeout=5) as client, client.subscribe("/**") as events:
        server.push("/a", 1)
        server.push("/b", 2)
        assert [(await anext(events)).data, (await anext(events)).data] == [1, 2]
        assert (await client.publish("/c", 3)).successful
    assert [str(error) for error in witness.errors] == [
        "extension 'stuck' failed in incoming: TimeoutError: it had not returned after 5 s, and was cancelled"
    ]
