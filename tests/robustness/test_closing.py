"""After the end nothing is left: no task (every test here looks for them), no socket, no thread, no open call."""

from __future__ import annotations

import asyncio
import gc
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

import httpx
import pytest

from pybayeux import Channel, Client
from pybayeux.errors import BayeuxError, ClientStateError, UsageError
from tests.support.clients import IMPATIENT, make_client
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux_devserver import BlockingServer

HELD = [Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/p", Channel.META_DISCONNECT]


@pytest.mark.parametrize("channel", HELD)
@in_loop
async def test_close_while_a_request_has_no_answer(channel: str) -> None:
    async with ScriptedServer() as server:
        client = make_client(server.url, max_network_delay=0.3)
        await client.start()
        server.silence(channel)
        calls = [
            asyncio.create_task(_outcome(client.publish("/p", 1))),
            asyncio.create_task(_outcome(client.subscribe("/s"))),
        ]
        await server.received("/p" if channel == "/p" else Channel.META_CONNECT)
        await client.close()
        await asyncio.gather(*calls)
        assert client.state == "disconnected"


async def _outcome(call: object) -> object:
    try:
        return await call  # type: ignore[misc]
    except BayeuxError as error:
        return error


@in_loop
async def test_close_while_the_handshake_is_tried_again() -> None:
    journal = Journal()
    async with ScriptedServer() as server:
        server.spoil(Channel.META_HANDSHAKE, *[lambda asked: Answer(b"", status=503)] * 100)
        client = make_client(server.url, journal)
        starting = asyncio.create_task(client.start())
        await journal.until(lambda: len(journal.errors) >= 2)
        await client.close()
        with pytest.raises(ClientStateError, match="closed"):
            await starting
        assert client.state == "disconnected"


@in_loop
async def test_start_that_takes_too_long_leaves_nothing() -> None:
    async with ScriptedServer() as server:
        server.silence(Channel.META_HANDSHAKE)
        client = make_client(server.url)
        with pytest.raises(TimeoutError):
            await client.start(timeout=0.05)
        assert client.state == "disconnected"


@in_loop
async def test_start_that_is_cancelled_leaves_nothing() -> None:
    async with ScriptedServer() as server:
        server.silence(Channel.META_HANDSHAKE)
        client = make_client(server.url)
        starting = asyncio.create_task(client.start())
        await server.received(Channel.META_HANDSHAKE)
        starting.cancel()
        await asyncio.wait([starting])
        assert starting.cancelled()
        assert client.state == "disconnected"


@in_loop
async def test_calls_of_all_kinds_end_with_the_client() -> None:
    async with ScriptedServer() as server:
        client = make_client(server.url, max_network_delay=0.3)
        await client.start()
        events = await client.subscribe("/s")
        server.silence("/p", "/service/never")
        waiting = [
            asyncio.create_task(_outcome(client.publish("/p", 1))),
            asyncio.create_task(_outcome(client.call("never", 1))),
            asyncio.create_task(_outcome(client.wait_for("unconnected"))),
            asyncio.create_task(_outcome(anext(events, "the end"))),
        ]
        await server.received("/p")
        await client.close()
        outcomes = await asyncio.gather(*waiting)
    assert [isinstance(outcome, BayeuxError) for outcome in outcomes] == [True, True, True, False]


@in_loop
async def test_handler_may_close_its_client() -> None:
    async with ScriptedServer() as server:
        client = make_client(server.url)
        await client.start()

        async def handle(event: Message) -> None:
            await client.close()

        subscription = await client.subscribe("/s", handle)
        server.publish("/s", 1)
        await server.received(Channel.META_DISCONNECT)
        await client.wait_for("disconnected")
        assert subscription.closed
        await client.close()


@in_loop
async def test_http_client_of_the_user_stays_open() -> None:
    async with ScriptedServer() as server, httpx.AsyncClient() as http:
        async with make_client(server.url, http=http):
            pass
        assert not http.is_closed
        async with make_client(server.url, http=http):
            pass


def test_synchronous_client_leaves_no_thread(bayeux_server: BlockingServer) -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        with Client(bayeux_server.url, discover=False, backoff=IMPATIENT) as client:
            handled: SimpleQueue[Message] = SimpleQueue()
            client.subscribe("/a", handled.put)
            with client.subscribe("/b") as events:
                client.publish("/a", 1)
                client.publish("/b", 2)
                assert next(events).data == 2
            assert handled.get(timeout=5).data == 1
        assert set(threading.enumerate()) <= before
    gc.collect()


def test_synchronous_client_that_cannot_start_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    client = Client("http://127.0.0.1:9/bayeux", discover=False, backoff=IMPATIENT)
    with pytest.raises(TimeoutError):
        client.start(timeout=0.05)
    assert set(threading.enumerate()) <= before
    del client
    gc.collect()


def test_synchronous_client_that_was_never_started_leaves_nothing() -> None:
    before = set(threading.enumerate())
    Client("http://127.0.0.1:9/bayeux", discover=False)
    assert set(threading.enumerate()) <= before
    gc.collect()


def test_synchronous_client_with_wrong_arguments_leaves_nothing() -> None:
    before = set(threading.enumerate())
    with pytest.raises(UsageError):
        Client("http://127.0.0.1:9/bayeux", discover=False, queue_size=0)
    assert set(threading.enumerate()) <= before
    gc.collect()


def test_synchronous_iteration_ends_when_another_thread_closes(bayeux_server: BlockingServer) -> None:
    client = Client(bayeux_server.url, discover=False)
    client.start()
    events = client.subscribe("/a")
    client.publish("/a", 1)
    received: list[int] = []
    arrived = threading.Event()

    def receive() -> None:
        for event in events:
            received.append(event.data)
            arrived.set()

    receiver = threading.Thread(target=receive)
    receiver.start()
    assert arrived.wait(10)
    client.close()
    receiver.join(5)
    assert not receiver.is_alive()
    assert received == [1]
