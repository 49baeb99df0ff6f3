from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, AsyncClient, BayeuxClient, Message, encode, hookimpl
from pybayeux._util.redact import Redactor
from pybayeux.errors import MessageDecodeError, TransportError, UsageError
from pybayeux.session import Backoff
from pybayeux.transports.base import DONE, TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.memory import MemoryServer, MemoryTransport

if TYPE_CHECKING:
    from pybayeux.transports.base import Completion
    from pybayeux.transports.registry import TransportRegistry


class SmallServer:
    """A small server: one session, events for the subscribed channels, connects held for half a minute."""

    def __init__(self, connection_type: str = "memory") -> None:
        self.connection_type = connection_type
        self.received: list[str] = []
        self._events: list[Message] = []
        self._changed = asyncio.Event()

    async def __call__(self, messages: list[Message]) -> list[Message]:
        """The answers to a request."""
        self.received += [message.channel for message in messages]
        return [reply for message in messages for reply in await self._answer(message)]

    def say(self, channel: str, data: Any) -> None:
        """An event for the client."""
        self._events.append(Message(channel=channel, data=data))
        self._changed.set()

    async def _answer(self, message: Message) -> list[Message]:
        reply = Message(channel=message.channel, id=message.id, successful=True, subscription=message.subscription)
        if message.channel == "/meta/handshake":
            reply.client_id, reply.supported_connection_types = "c1", [self.connection_type]
            reply.advice = Advice(reconnect="retry", interval=0, timeout=30_000)
        elif message.channel == "/meta/disconnect":
            self._changed.set()
        elif message.channel == "/meta/connect":
            return [*await self._next_events(0 if message.advice else 30), reply]
        elif not message.is_meta:
            self.say(message.channel, message.data)
        return [reply]

    async def _next_events(self, patience: float) -> list[Message]:
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            return []
        self._changed.clear()
        events, self._events = self._events, []
        return events


def client_of(server: MemoryServer, **arguments: Any) -> AsyncClient:
    """A client of this server and no other."""
    options = {"memory": {"server": server}}
    arguments = {"transports": ["memory"], "transport_options": options, "discover": False, **arguments}
    return AsyncClient("http://test/", backoff=Backoff(jitter=0), **arguments)


@in_virtual_time
async def test_a_client_works_with_a_server_in_memory() -> None:
    room = SmallServer()
    async with client_of(room) as client, client.subscribe("/a") as events:
        assert client.client_id == "c1"
        assert (await client.publish("/a", {"n": 1})).successful
        assert (await anext(events)).data == {"n": 1}
        await asyncio.sleep(3600)
        room.say("/a", 2)
        assert (await anext(events)).data == 2
    assert room.received.count("/meta/connect") > 120
    assert room.received[-1] == "/meta/disconnect"


@in_virtual_time
async def test_it_stands_in_for_any_other_transport() -> None:
    room = SmallServer("carrier-pigeon")

    class Pigeons:
        @hookimpl
        def register_transports(self, registry: TransportRegistry) -> None:
            registry.register("carrier-pigeon", partial(MemoryTransport, server=room))

    client = AsyncClient("http://test/", extensions=[Pigeons()], transports=["carrier-pigeon"], discover=False)
    async with client:
        assert client.client_id == "c1"


@in_virtual_time
async def test_the_low_level_client_has_it_too() -> None:
    options = {"memory": {"server": SmallServer()}}
    async with BayeuxClient("http://t/", transports=["memory"], transport_options=options, discover=False) as client:
        (reply,) = await client.handshake()
        assert reply.client_id == "c1"


@in_virtual_time
async def test_a_failure_of_the_server_is_one_of_the_network() -> None:
    room, failures = SmallServer(), [TransportError("refused"), RuntimeError("a defect of the server")]

    async def server(messages: list[Message]) -> list[Message]:
        if failures:
            raise failures.pop(0)
        return await room(messages)

    async with client_of(server) as client:
        assert client.client_id == "c1"
    assert failures == []


def test_no_server_is_no_transport() -> None:
    with pytest.raises(UsageError, match="'memory' needs the option 'server'"):
        AsyncClient("http://test/", transports=["memory"], discover=False)


def test_what_is_no_function_is_no_server() -> None:
    with pytest.raises(UsageError, match="'memory': option 'server' is wrong"):
        client_of("http://another/")  # type: ignore[arg-type]


# -- the transport alone


class RecordedTransport:
    """A memory transport and what came of it."""

    def __init__(self, server: MemoryServer) -> None:
        self.received: list[list[Message]] = []
        self.redact = Redactor()
        context = TransportContext("http://test/", self._receive, self._request, self._response, self.redact)
        self.transport = MemoryTransport(context, server=server)

    def _receive(self, messages: list[Message]) -> Completion:
        self.received.append(messages)
        return DONE

    async def _request(self, request: TransportRequest) -> None:
        raise AssertionError("there is no request that could be changed")

    async def _response(self, response: TransportResponse) -> None:
        raise AssertionError("there are no headers")


@in_virtual_time
async def test_neither_side_sees_later_changes_of_the_other() -> None:
    kept: list[Message] = []

    async def server(messages: list[Message]) -> list[Message]:
        kept.extend(messages)
        return messages

    line, message = RecordedTransport(server), Message(channel="/a", data=[1])
    await line.transport.exchange([message])
    message.data = [2]
    ((received,),) = line.received
    received.id = "9"
    assert (kept[0].data, kept[0].id, received.data) == ([1], None, [1])


@in_virtual_time
async def test_a_server_may_answer_with_bytes() -> None:
    async def server(messages: list[Message]) -> bytes:
        return encode(messages)

    line = RecordedTransport(server)
    await line.transport.exchange([Message(channel="/a")])
    assert [[message.channel for message in batch] for batch in line.received] == [["/a"]]


@in_virtual_time
async def test_bytes_that_are_no_bayeux_fail_without_secrets() -> None:
    async def server(messages: list[Message]) -> bytes:
        return b"<h1>t0k3n-t0k3n</h1>"

    line = RecordedTransport(server)
    line.redact.remember("t0k3n-t0k3n")
    with pytest.raises(MessageDecodeError, match=r"<h1>\*\*\*</h1>"):
        await line.transport.exchange([Message(channel="/a")])
    assert line.received == []


@in_virtual_time
async def test_a_server_whose_client_waits_no_longer_is_cancelled() -> None:
    gone = False

    async def server(messages: list[Message]) -> list[Message]:
        nonlocal gone
        try:
            await asyncio.Event().wait()
        finally:
            gone = True
        return []

    exchange = asyncio.ensure_future(RecordedTransport(server).transport.exchange([Message(channel="/a")]))
    await settle()
    exchange.cancel()
    await asyncio.wait([exchange])
    assert gone


@in_virtual_time
async def test_several_exchanges_are_under_way_at_once() -> None:
    async def server(messages: list[Message]) -> list[Message]:
        await asyncio.sleep(messages[0].data)
        return messages

    line = RecordedTransport(server)
    await asyncio.gather(*(line.transport.exchange([Message(channel="/a", data=seconds)]) for seconds in (3, 1, 2)))
    assert [batch[0].data for batch in line.received] == [1, 2, 3]
    await line.transport.close()
