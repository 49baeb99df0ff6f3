"""A transport on which events come unasked, under a client in virtual time: a break between two connects."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, ConnectionState, Message, hookimpl
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportContext


class Pushing(FakeServer):
    """A server whose transport keeps its context, and counts how often it is renewed."""

    def __init__(self) -> None:
        super().__init__()
        self.context: TransportContext
        self.renewed = 0
        self.failures_seen: list[Any] = []

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        registry.wrap(self._wrapped)

    def _wrapped(self, factory: Any) -> Any:
        def make(context: TransportContext) -> _PushingTransport:
            self.context = context
            return _PushingTransport(self, context)

        return make

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/meta/connect" and not message.successful:
            self.failures_seen.append((message.id, message.extra["failure"]["sent"]))


class _PushingTransport:
    def __init__(self, server: Pushing, context: TransportContext) -> None:
        self._server = server
        self._context = context

    async def exchange(self, messages: list[Message]) -> None:
        await self._context.receive(await self._server.exchange(messages))

    async def close(self) -> None: ...

    def renew(self) -> None:
        self._server.renewed += 1


@pytest.mark.parametrize("interval", [0, 5000])
@in_virtual_time
async def test_a_break_between_two_connects_is_reported_as_a_failed_connect(interval: int) -> None:
    server, witness = Pushing(), Witness()
    server.answer_next("/meta/connect", advice=Advice(reconnect="retry", interval=interval))
    async with make_client(server, witness) as client:
        await settle()
        heard: list[Message] = []
        client.listen("/meta/connect", heard.append)
        error = TransportError("the socket broke")
        server.context.broken(error)
        await asyncio.sleep(0)
        assert witness.errors == [error]
        assert server.failures_seen == [(None, True)]
        assert [reply.successful for reply in heard] == [False]
        if interval:  # no connect was under way: the next one leaves at once, and is answered at once
            await settle()
            assert witness.states[-2:] == ["unconnected", "connected"]
        assert client.state is ConnectionState.CONNECTED
        assert len(server.messages("/meta/connect")) == 2


@in_virtual_time
async def test_a_new_session_renews_the_transports() -> None:
    server = Pushing()
    async with make_client(server) as client:
        before = server.renewed
        client.rehandshake("test")
        await settle()
        await client.wait_for("connected")
        assert server.renewed == before + 1
