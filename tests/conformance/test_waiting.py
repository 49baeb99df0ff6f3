"""Behaviours of publishes that wait for a connection, where time is the point: the client in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.session.world import World
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import ConnectionState, Message
from pybayeux.errors import ClientStateError, PublishError, TransportError
from pybayeux.session import Kind
from tests.conformance.servers import behaviour

virtual = "client in virtual time"


def _gone(times: int) -> list[Exception]:
    """A server that cannot be reached."""
    return [TransportError("connection refused", unsent=True) for _ in range(times)]


@behaviour("P03", where=virtual)
@in_virtual_time
async def test_a_publish_waits_for_the_connection_or_fails_at_once_as_it_is_told() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await settle()
        server.fail(*_gone(6))
        await client.wait_for(ConnectionState.UNCONNECTED)
        with pytest.raises(PublishError, match="unconnected"):
            await client.publish("/a", "at once", offline="fail")
        assert (await client.publish("/a", "later", offline="wait")).successful
    assert [message.data for message in server.messages("/a") if message.client_id][-1] == "later"
    assert "at once" not in [message.data for message in server.messages("/a")]


@behaviour("P11", where=virtual)
@in_virtual_time
async def test_a_publish_that_never_left_is_tried_again_until_it_does() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await settle()
        server.failures += _gone(3)
        assert (await client.publish("/a", 1)).successful
        assert len(server.messages("/a")) == 4
        assert server.times("/a")[1:] == pytest.approx([0, 1, 3], abs=0.01)


@behaviour("P11", where=virtual)
@in_virtual_time
async def test_a_publish_past_its_deadline_fails_and_is_not_sent_any_more() -> None:
    server = FakeServer()
    loop = asyncio.get_running_loop()
    async with make_client(server) as client:
        await settle()
        server.fail(*_gone(1_000))
        await client.wait_for(ConnectionState.UNCONNECTED)
        begun = loop.time()
        with pytest.raises(PublishError, match="within 60 s"):
            await client.publish("/a", 1, timeout=60)
        assert loop.time() - begun == pytest.approx(60)
        attempts = len(server.messages("/a"))
        server.failures.clear()
        await client.wait_for(ConnectionState.CONNECTED)
        await asyncio.sleep(100)
        assert len(server.messages("/a")) == attempts


@behaviour("P11", where="pure session")
@pytest.mark.parametrize("error", [TransportError("connection refused", unsent=True), None])
def test_a_publish_that_was_given_up_on_its_way_is_not_sent_later(error: TransportError | None) -> None:
    world = World().connected()
    request = world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.session.forget(request)
    if error is not None:
        world.fail(exchange, error)
    else:
        world.answer(exchange, world.reply(exchange.messages[0], successful=False, error="402::session_unknown"))
        world.connected()
    world.pass_time(100)
    assert [sent for _, sent in world.sent if sent.kind is Kind.SEND] == [exchange]


@behaviour("P11", where=virtual)
@in_virtual_time
async def test_a_publish_that_may_have_arrived_is_not_sent_again() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await settle()
        server.failures.append(TransportError("cut off"))
        with pytest.raises(PublishError, match="cut off"):
            await client.publish("/a", 1)
        await asyncio.sleep(100)
        assert len(server.messages("/a")) == 1


@behaviour("P11", where=virtual)
@in_virtual_time
async def test_nothing_is_sent_after_the_end() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await settle()
        server.fail(*_gone(1_000))
        await client.wait_for(ConnectionState.UNCONNECTED)
        publishing = asyncio.create_task(client.publish("/a", 1))
        await settle()
        await client.close()
        with pytest.raises(ClientStateError):
            await publishing
        server.failures.clear()
        sent = len(server.received)
        await asyncio.sleep(1_000)
        assert len(server.received) == sent
