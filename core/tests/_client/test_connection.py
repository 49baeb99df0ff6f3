"""What a connection gets over: lost answers, lost sessions, slow receivers."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, AsyncClient, ConnectionState
from pybayeux.errors import ExchangeTimeoutError, MalformedMessageError, PublishError, SessionEndedError, TransportError

# -- what it gets over


@in_virtual_time
async def test_a_broken_exchange_costs_no_event_and_no_subscription() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        events = await client.subscribe("/a")
        server.fail(TransportError("reset"))
        await asyncio.sleep(1)
        server.push("/a", 1)
        assert (await anext(events)).data == 1
        assert server.sessions == 1
        assert "unconnected" in witness.states


@in_virtual_time
async def test_a_lost_session_is_begun_anew_with_every_subscription() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        both = [await client.subscribe(channel) for channel in ("/a", "/b/*")]
        server.forget()
        await asyncio.sleep(1)
        assert client.client_id == "session-2"
        assert sorted(server.subscriptions()) == ["/a", "/a", "/b/*", "/b/*"]
        server.push("/a", 1)
        server.push("/b/c", 2)
        assert [(await anext(events)).data for events in both] == [1, 2]
        assert "rehandshaking" in witness.states


@in_virtual_time
async def test_a_server_that_is_down_for_an_hour() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        events = await client.subscribe("/a")
        server.fail(*[TransportError("refused") for _ in range(120)])
        await asyncio.sleep(3600 + 30)
        assert client.state is ConnectionState.CONNECTED
        server.push("/a", 1)
        assert (await anext(events)).data == 1
        assert all(isinstance(error, TransportError) for error in witness.errors)


@in_virtual_time
async def test_a_connect_without_a_reply_times_out_and_is_sent_again() -> None:
    server, witness = FakeServer(hold=30), Witness()
    async with make_client(server, witness, max_network_delay=5) as client:
        server.silent.add("/meta/connect")
        await asyncio.sleep(30)
        server.silent.clear()
        await asyncio.sleep(40)
        assert client.state is ConnectionState.CONNECTED
    assert [type(error) for error in witness.errors] == [ExchangeTimeoutError]


@in_virtual_time
async def test_a_publish_whose_answer_is_lost_fails_and_is_not_repeated() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.silent.add("/a")
        with pytest.raises(PublishError):
            await client.publish("/a", 1)
        server.silent.clear()
        await asyncio.sleep(60)
        assert len(server.messages("/a")) == 1


@in_virtual_time
async def test_a_publish_refused_for_an_unknown_session_is_sent_in_the_next() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await settle()
        server.client_id = "another"
        reply = await client.publish("/a", 1)
        assert reply.successful
        assert [message.client_id for message in server.messages("/a")] == ["session-1", "session-2"]


@in_virtual_time
async def test_a_subscription_whose_answer_is_lost_is_asked_for_again() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, max_network_delay=5) as client:
        server.silent.add("/meta/subscribe")
        subscribing = asyncio.ensure_future(_subscribe(client, "/a"))
        await asyncio.sleep(6)
        server.silent.clear()
        await subscribing
        assert server.subscriptions() == ["/a"] * 3


async def _subscribe(client: AsyncClient, channel: str) -> Any:
    return await client.subscribe(channel)


@in_virtual_time
async def test_messages_of_no_sense_are_reported() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        events = await client.subscribe("/a")
        server.push("", 1)
        server.push("/a", 2)
        assert (await anext(events)).data == 2
        assert [type(error) for error in witness.errors] == [MalformedMessageError]


@in_virtual_time
async def test_ignored_errors_are_not_reported_and_do_not_end_the_session() -> None:
    server, witness = FakeServer(), Witness()
    ignore = lambda error: isinstance(error, SessionEndedError)  # noqa: E731
    async with make_client(server, witness, ignore_error=ignore) as client:
        server.refuse_next("/meta/connect", "401::Authentication invalid", advice=Advice(reconnect="none"))
        server.push("/service/nobody", 1)
        await asyncio.sleep(60)
        assert (client.state, client.client_id) == (ConnectionState.CONNECTED, "session-2")
    assert witness.errors == []


@in_virtual_time
async def test_reports_show_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness):
        server.fail(TransportError('broke on {"clientId":"session-1"} with Bearer hush-hush'))
        await settle()
        assert "session-1" not in caplog.text
        assert "hush-hush" not in caplog.text
        assert "TransportError" in caplog.text


@in_virtual_time
async def test_reports_go_to_the_logger_given(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()
    server.fail(TransportError("refused"))
    async with make_client(server, logger=logging.getLogger("mine")):
        pass
    assert [record.name for record in caplog.records] == ["mine"]


# -- room


@in_virtual_time
async def test_a_slow_receiver_holds_the_next_connect_back() -> None:
    server = FakeServer()
    async with make_client(server, queue_size=2) as client:
        events = await client.subscribe("/a")
        server.push("/a", 1, 2, 3)
        await settle()
        held_back = len(server.messages("/meta/connect"))
        await asyncio.sleep(5)
        assert len(server.messages("/meta/connect")) == held_back
        assert [(await anext(events)).data for _ in range(2)] == [1, 2]
        await settle()
        assert len(server.messages("/meta/connect")) == held_back + 1
        await events.unsubscribe()


@in_virtual_time
async def test_room_is_made_by_leaving() -> None:
    server = FakeServer()
    async with make_client(server, queue_size=1) as client:
        events = await client.subscribe("/a")
        server.push("/a", 1, 2)
        await settle()
        before = len(server.messages("/meta/connect"))
        await events.unsubscribe()
        await settle()
        assert len(server.messages("/meta/connect")) > before


@in_virtual_time
async def test_a_client_closed_with_a_full_queue_starts_again_with_room() -> None:
    server = FakeServer()
    client = make_client(server, queue_size=1)
    for _ in range(2):
        async with client:
            await client.subscribe("/a")
            server.push("/a", 1, 2)
            await asyncio.sleep(1)
    async with client:
        await asyncio.sleep(100)
        assert len(server.messages("/meta/connect")) > 4
