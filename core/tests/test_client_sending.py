"""What a client sends: publishes, batches, remote calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, now, settle
from pybayeux import Message
from pybayeux.errors import ClientStateError, ExchangeTimeoutError, PublishError, TransportError, UsageError

ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@in_virtual_time
async def test_publish_returns_the_servers_reply() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        reply = await client.publish("/chat", {"text": "hi"})
        assert (reply.channel, reply.successful) == ("/chat", True)
        (sent,) = server.messages("/chat")
        assert (sent.data, sent.client_id, sent.id == reply.id) == ({"text": "hi"}, "session-1", True)


@in_virtual_time
async def test_a_refused_publish_is_reported() -> None:
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
async def test_a_refused_remote_call_is_reported() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/service/sum", "404::no such call")
        with pytest.raises(PublishError, match="no such call"):
            await client.call("sum", [])
