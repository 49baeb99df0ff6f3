"""End to end: a real client against a server with replay, over the network."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, BayeuxError, ConnectionState, Drop, hookimpl
from pybayeux_devserver import DevServer
from pybayeux_replay import MemoryStore, Replay

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from pybayeux import Message
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from pybayeux_replay import Store


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def _client(server: DevServer, store: str | Store = "memory", **options: Any) -> AsyncClient:
    """Return a client with replay and no other extension."""
    return AsyncClient(server.url, discover=False, extensions=[Replay(store, **options)])


async def _publish(server: DevServer, *numbers: int) -> None:
    for number in numbers:
        await server.publish("/orders", {"number": number})


async def _take(events: Any, count: int) -> list[int]:
    return [(await anext(events)).data["number"] for _ in range(count)]


def test_a_lost_session_loses_nothing_and_repeats_nothing() -> None:
    async def scenario() -> None:
        async with DevServer() as server, _client(server) as client, client.subscribe("/orders") as events:
            await _publish(server, 0, 1, 2)
            assert await _take(events, 1) == [0]
            assert server.faults.drop_sessions() == 1
            await _publish(server, 3, 4)
            assert await _take(events, 4) == [1, 2, 3, 4]
            await _publish(server, 5)
            assert await _take(events, 1) == [5]

    _run(scenario())


def test_events_of_a_lost_reply_come_again() -> None:
    async def scenario() -> None:
        async with DevServer() as server, _client(server) as client, client.subscribe("/orders") as events:
            await _publish(server, 0)
            assert await _take(events, 1) == [0]
            server.faults.truncate_replies(channel="/meta/connect", with_events=True)
            server.faults.lose_replies(channel="/meta/connect", with_events=True)
            await _publish(server, 1)
            await _publish(server, 2)
            assert await _take(events, 2) == [1, 2]

    _run(scenario())


def test_events_that_a_failed_receiver_did_not_handle_come_again() -> None:
    async def scenario() -> None:
        async with DevServer() as server, _client(server) as client:
            with pytest.raises(ZeroDivisionError):
                await _fail_on_the_second(server, client)
            async with client.subscribe("/orders") as events:
                assert await _take(events, 2) == [1, 2]

    async def _fail_on_the_second(server: DevServer, client: AsyncClient) -> None:
        async with client.subscribe("/orders") as events:
            await _publish(server, 0, 1, 2)
            assert await _take(events, 2) == [0, 1]
            raise ZeroDivisionError

    _run(scenario())


def test_a_position_outlives_the_process_and_the_last_event_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = str(tmp_path / "positions.db")
        async with DevServer() as server:
            async with _client(server, store) as client, client.subscribe("/orders") as events:
                await _publish(server, 0, 1, 2)
                assert await _take(events, 2) == [0, 1]
            await _publish(server, 3)
            async with _client(server, store) as client, client.subscribe("/orders") as events:
                assert await _take(events, 2) == [2, 3]

    _run(scenario())


def test_a_position_that_the_server_no_longer_keeps_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with DevServer(retention=2) as server:
            async with _client(server, store) as client, client.subscribe("/orders") as events:
                await _publish(server, 0)
                assert await _take(events, 1) == [0]
            await _publish(server, 1, 2, 3)
            async with _client(server, store) as client, client.subscribe("/orders") as events:
                assert await _take(events, 2) == [2, 3]
                # And once more in a recovery, where there is no call that could raise the error.
                server.faults.lose_replies(channel="/meta/connect", with_events=True)
                await _publish(server, 4, 5, 6)
                assert await _take(events, 2) == [5, 6]
            await _publish(server, 7, 8)
            async with _client(server, store, on_invalid="raise") as client:
                with pytest.raises(BayeuxError, match="replayId"):
                    await client.subscribe("/orders")

    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        _run(scenario())
    assert len([record for record in caplog.records if record.name == "pybayeux.replay"]) == 2


def test_a_handler_that_gets_every_event_of_a_wildcard() -> None:
    async def scenario() -> None:
        handled: list[int] = []
        enough = asyncio.Event()

        async def handle(event: Message) -> None:
            handled.append(event.data["number"])
            await asyncio.sleep(0)
            if len(handled) == 20:
                enough.set()

        async with DevServer() as server, _client(server) as client:
            await client.subscribe("/orders/*", handle)
            for number in range(20):
                await server.publish(f"/orders/{number % 3}", {"number": number})
                if number % 5 == 0:
                    server.faults.drop_sessions()
                    await asyncio.sleep(0)
            await enough.wait()
        assert handled == list(range(20))

    _run(scenario())


class _OddOnes:
    """An extension that hides events."""

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        return Drop("even") if message.has_data and message.data["number"] % 2 == 0 else None


def test_events_that_another_extension_hides_are_not_waited_for() -> None:
    async def scenario() -> None:
        async with DevServer() as server:
            extensions = [Replay(since="earliest"), _OddOnes()]
            async with AsyncClient(server.url, discover=False, extensions=extensions) as client:
                events = await client.subscribe("/orders")
                await _publish(server, *range(6))
                assert await _take(events, 3) == [1, 3, 5]
                await _publish(server, 7)
                assert await _take(events, 1) == [7]
            assert len(server.recorder.messages("/meta/handshake")) == 1

    _run(scenario())


def test_an_event_given_up_without_a_session_comes_again() -> None:
    async def scenario() -> None:
        async with DevServer() as server, _client(server, since="earliest") as client:
            events = await client.subscribe("/orders")
            await _publish(server, 0, 1, 2)
            assert await _take(events, 2) == [0, 1]
            server.faults.unavailable()
            server.faults.drop_sessions()
            await client.wait_for(ConnectionState.REHANDSHAKING)
            await events.unsubscribe()  # the server hears nothing of it
            events = await client.subscribe("/orders")
            await _publish(server, 3)
            assert await _take(events, 3) == [1, 2, 3]

    _run(scenario())


def test_the_low_level_client_begins_at_the_stored_position() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with DevServer(timeout=0) as server:
            await _publish(server, 0)
            first = await server.publish("/orders", {"number": 1})
            assert first is not None
            await _publish(server, 2)
            store.set("default", {"/orders": first})
            async with BayeuxClient(server.url, discover=False, extensions=[Replay(store)]) as client:
                await client.handshake()
                await client.connect()
                replies = await client.subscribe(["/orders"])
                replies += await client.connect()
                assert [each.data["number"] for each in replies if each.channel == "/orders"] == [2]
                await client.disconnect()

    _run(scenario())


_CONSUMER = """
import asyncio, sys
from pybayeux import AsyncClient
from pybayeux_replay import Replay

async def main():
    replay = Replay(sys.argv[2], since="earliest")
    async with AsyncClient(sys.argv[1], discover=False, extensions=[replay]) as client:
        async with client.subscribe("/orders") as events:
            async for event in events:
                print(event.data["number"], flush=True)

asyncio.run(main())
"""


def test_a_consumer_that_is_killed_again_and_again_handles_everything(
    tmp_path: Path, bayeux_server_factory: ServerFactory
) -> None:
    server, published = bayeux_server_factory(), 0
    handled: set[int] = set()
    for _ in range(4):
        for number in range(published, published + 50):
            server.publish("/orders", {"number": number})
        published += 50
        command = [sys.executable, "-c", _CONSUMER, server.url, str(tmp_path / "positions.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            newest = [int(process.stdout.readline()) for _ in range(30)]
            process.send_signal(signal.SIGKILL)
            newest += map(int, process.stdout)  # what was handled before the blow fell
        assert newest == list(range(newest[0], newest[0] + len(newest)))
        assert newest[0] <= len(handled), "what was not handled was passed over"
        handled |= set(newest)
    assert handled == set(range(max(handled) + 1))
