"""The WebSocket transport and real servers: by itself, and under a client."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Advice, BayeuxClient, Channel, ConnectionState, Message, hookimpl, requests
from pybayeux._util.redact import Redactor
from pybayeux.errors import PublishError, TransportError
from pybayeux.transports.base import DONE, TransportContext
from pybayeux.transports.websocket import WebSocket
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pybayeux import AsyncClient
    from pybayeux.transports.base import Completion, TransportResponse
    from pybayeux.transports.registry import TransportRegistry
    from tests.servers.fixtures import ProxyFactory, ServerFactory
    from tests.servers.server import Server

MANY = 10_000
LARGE = "Grüße ☃ " * 100_000


class Talk:
    """Messages over a transport, without a session or a client."""

    def __init__(self, url: str, **options: Any) -> None:
        self.answers: dict[str, Message] = {}
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.statuses: list[int] = []
        self.client_id: str | None = None
        self._ids = count(1)
        self._context = TransportContext(url, self._receive, self._ignore, self._note, Redactor())
        self.transport = WebSocket(self._context, **options)

    async def ask(self, *messages: Message) -> list[Message]:
        """Send these messages, and give the answers in their order."""
        for message in messages:
            message.id = str(next(self._ids))
        async with asyncio.timeout(10):
            await self.transport.exchange(list(messages))
        return [self.answers[str(message.id)] for message in messages]

    async def begin(self) -> None:
        """Have a session."""
        (reply,) = await self.ask(requests.handshake(["websocket"]))
        assert reply.successful
        self.client_id = reply.client_id
        (connected,) = await self.ask(self.connect(0))
        assert connected.successful

    def connect(self, timeout: int | None = None) -> Message:
        """A connect, which the server may hold so many milliseconds."""
        message = requests.connect(str(self.client_id), "websocket")
        if timeout is not None:
            message.advice = Advice(timeout=timeout)
        return message

    def publish(self, channel: str, data: Any) -> Message:
        """A publish."""
        return requests.publish(channel, data, self.client_id)

    def subscribe(self, channel: str) -> Message:
        """A subscribe."""
        return requests.subscribe(str(self.client_id), channel)

    def _receive(self, messages: list[Message]) -> Completion:
        for message in messages:
            if message.successful is None:
                self.events.put_nowait(message)
            else:
                self.answers[str(message.id)] = message
        return DONE

    async def _ignore(self, request: object) -> None:
        pass

    async def _note(self, response: TransportResponse) -> None:
        self.statuses.append(response.status)


@asynccontextmanager
async def talking(url: str, **options: Any) -> AsyncIterator[Talk]:
    """A talk that ends with the block."""
    talk = Talk(url, **options)
    try:
        yield talk
    finally:
        await talk.transport.close()


class Registers:
    """Has the transport known to a client."""

    @hookimpl
    def register_transports(self, registry: TransportRegistry) -> None:
        registry.register("websocket", WebSocket)


def over_websocket(url: str, *extensions: object, **arguments: Any) -> AsyncClient:
    """A client that has no other transport."""
    return make_client(url, Registers(), *extensions, transports=["websocket"], **arguments)


# -- by itself


@in_loop
async def test_a_conversation(any_server: Server) -> None:
    async with talking(any_server.url) as talk:
        await talk.begin()
        (subscribed,) = await talk.ask(talk.subscribe("/ws/talk"))
        assert (subscribed.successful, subscribed.subscription) == (True, "/ws/talk")
        (published,) = await talk.ask(talk.publish("/ws/talk", {"text": "Grüße ☃"}))
        assert published.successful
        assert (await talk.events.get()).data == {"text": "Grüße ☃"}
        (ended,) = await talk.ask(requests.disconnect(str(talk.client_id)))
        assert (ended.channel, ended.successful) == (Channel.META_DISCONNECT, True)
        assert talk.statuses == [101]


@in_loop
async def test_a_held_connect_does_not_hold_the_rest(any_server: Server) -> None:
    async with talking(any_server.url) as talk:
        await talk.begin()
        held = asyncio.create_task(talk.ask(talk.connect(500)))
        for number in range(10):
            (published,) = await talk.ask(talk.publish("/ws/held", number))
            assert published.successful
        assert not held.done()
        (answer,) = await held
        assert answer.successful


@in_loop
async def test_events_come_while_a_connect_is_held(any_server: Server) -> None:
    async with talking(any_server.url) as talk:
        await talk.begin()
        await talk.ask(talk.subscribe("/ws/events"))
        held = asyncio.create_task(talk.ask(talk.connect(300)))
        for number in range(5):
            any_server.control.send("/ws/events", number)
        assert [(await talk.events.get()).data for _ in range(5)] == list(range(5))
        await held


@in_loop
async def test_many_messages_in_one_frame(any_server: Server) -> None:
    async with talking(any_server.url) as talk:
        await talk.begin()
        replies = await talk.ask(*(talk.subscribe(f"/ws/many/{number}") for number in range(300)))
        assert all(reply.successful for reply in replies)


@pytest.mark.parametrize("compression", [False, True])
@in_loop
async def test_a_large_event(any_server: Server, compression: bool) -> None:
    async with talking(any_server.url, compression=compression) as talk:
        await talk.begin()
        await talk.ask(talk.subscribe("/ws/large"))
        await asyncio.to_thread(any_server.control.send, "/ws/large", LARGE)
        assert (await talk.events.get()).data == LARGE


@pytest.mark.parametrize("name", ["cometd", "faye"])
@in_loop
async def test_a_large_publish(cometd_factory: ServerFactory, faye_server: Server, name: str) -> None:
    server = cometd_factory(**{"ws.maxMessageSize": 10_000_000}) if name == "cometd" else faye_server
    async with talking(server.url) as talk:
        await talk.begin()
        await talk.ask(talk.subscribe("/ws/large/publish"))
        (published,) = await talk.ask(talk.publish("/ws/large/publish", LARGE))
        assert published.successful
        assert (await talk.events.get()).data == LARGE


@in_loop
async def test_a_session_moves_to_a_new_socket(any_server: Server, proxy_factory: ProxyFactory) -> None:
    proxy = proxy_factory(any_server)
    async with talking(proxy.url) as talk:
        await talk.begin()
        held = asyncio.create_task(talk.ask(talk.connect()))
        (published,) = await talk.ask(talk.publish("/ws/moves", 1))
        assert published.successful
        await asyncio.to_thread(proxy.sever)
        with pytest.raises(TransportError):
            await held
        (connected,) = await talk.ask(talk.connect(0))
        assert connected.successful
        assert talk.statuses == [101, 101]


@in_loop
async def test_a_malformed_frame_of_ours_closes_the_socket(cometd_server: Server) -> None:
    async with talking(cometd_server.url) as talk:
        await talk.begin()
        socket = await talk.transport._socket()
        with pytest.raises(TransportError, match="the server closed the WebSocket: 1011"):
            await socket.exchange([Message(channel="/x", id="x")], [b"not json"])


@in_loop
async def test_an_address_without_a_websocket(any_server: Server) -> None:
    async with talking(any_server.url.rpartition("/")[0] + "/elsewhere", open_timeout=0.5) as talk:
        with pytest.raises(TransportError) as caught:
            await talk.ask(requests.handshake(["websocket"]))
        assert caught.value.unavailable
        assert caught.value.unsent


# -- under a client


@in_loop
async def test_the_low_level_client_over_websocket(any_server: Server) -> None:
    async with BayeuxClient(any_server.url, extensions=[Registers()], discover=False, transports=["websocket"]) as low:
        await low.handshake()
        await low.subscribe(["/ws/low"])
        assert [reply.successful for reply in await low.publish("/ws/low", 1) if reply.id == "3"][-1]
        (ended,) = (reply for reply in await low.disconnect() if reply.channel == Channel.META_DISCONNECT)
        assert ended.successful


@in_loop
async def test_a_client_over_websocket(any_server: Server) -> None:
    journal = Journal()
    async with over_websocket(any_server.url, journal) as client, client.subscribe("/ws/client") as events:
        assert (await client.publish("/ws/client", 1)).successful
        any_server.control.send("/ws/client", 2)
        assert await take(events, 2) == [1, 2]
        client_id = client.client_id
    assert client_id not in [session.id for session in any_server.control.sessions()]
    assert journal.errors == []


@in_loop
async def test_ten_thousand_events_keep_their_order(any_server: Server) -> None:
    async with over_websocket(any_server.url) as client, client.subscribe("/ws/fast") as events:
        await asyncio.to_thread(any_server.control.publish, "/ws/fast", MANY)
        assert [data["seq"] for data in await take(events, MANY)] == list(range(MANY))
        assert events.pending == 0


@in_loop
async def test_publishes_of_many_tasks_are_each_answered(any_server: Server) -> None:
    async with over_websocket(any_server.url) as client, client.subscribe("/ws/tasks") as events:
        replies = await asyncio.gather(*(client.publish("/ws/tasks", number) for number in range(200)))
        assert all(reply.successful for reply in replies)
        assert sorted(await take(events, 200)) == list(range(200)), "CometD sends them with two threads"


@in_loop
async def test_remote_calls_of_cometd(cometd_server: Server) -> None:
    async with over_websocket(cometd_server.url) as client:
        echo, other = await asyncio.gather(client.call("echo", {"a": 1}), client.call("/service/echo", 0))
        assert [echo.data, other.data] == [{"a": 1}, 0]
        with pytest.raises(PublishError):
            await client.call("fail", {"why": "because"})


@in_loop
async def test_a_client_survives_a_reset(any_server: Server, proxy_factory: ProxyFactory) -> None:
    proxy, journal = proxy_factory(any_server), Journal()
    async with over_websocket(proxy.url, journal) as client, client.subscribe("/ws/reset") as events:
        before = client.client_id
        await asyncio.to_thread(proxy.sever)
        # What the server sends before it knows of the reset is lost.
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        any_server.control.send("/ws/reset", 1)
        assert await take(events, 1) == [1]
        assert client.client_id == before


@in_loop
async def test_a_client_whose_session_is_dropped_begins_another(any_factory: ServerFactory) -> None:
    server = any_factory(timeout=500)
    async with over_websocket(server.url) as client, client.subscribe("/ws/dropped") as events:
        before = client.client_id
        await asyncio.to_thread(server.control.drop)
        await asyncio.to_thread(
            server.control.wait,
            lambda sessions: any("/ws/dropped" in each.subscriptions and each.id != before for each in sessions),
        )
        server.control.send("/ws/dropped", 1)
        assert await take(events, 1) == [1]
