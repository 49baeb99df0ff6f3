"""Thousands of opens and closes and hundreds of handshakes leave nothing behind in a process that lives on.

No task, thread, socket or descriptor, and no object of our classes. The server is in the same process, so what it holds
for a client counts too.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, Backoff, Client
from pybayeux_aiohttp import Aiohttp
from pybayeux_devserver import BlockingServer, DevServer
from tests.support.clients import IMPATIENT, make_client
from tests.support.inventory import Inventory, take_inventory
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OPENS = 1000
"""Over each of two transports: two thousand."""

AT_ONCE = 10
WARM_UP = 20
HANDSHAKES = 200
TRANSPORTS = ("long-polling", "websocket")
AT_ONCE_AGAIN = Backoff(increment=0.002, maximum=0.002, jitter=0.0)
"""A client waits longer and longer between handshakes that follow each other closely."""


async def settled(server: DevServer, before: Inventory | None = None) -> Inventory:
    """What is held once the server has noticed that its connections are closed, and holds a connect of each session."""
    server.recorder.clear()
    inventory = take_inventory()
    for _ in range(100):
        are_held = all(session.hold is not None for session in server.engine.sessions)
        if are_held and (before is None or not inventory.grown_since(before)):
            break
        await asyncio.sleep(0.01)
        inventory = take_inventory()
    return inventory


async def repeat(work: Callable[[], Awaitable[None]], times: int) -> None:
    async def some() -> None:
        for _ in range(times // AT_ONCE):
            await work()

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def leaves_nothing(server: DevServer, work: Callable[[], Awaitable[None]], times: int) -> None:
    await repeat(work, WARM_UP)
    before = await settled(server)
    await repeat(work, times)
    after = await settled(server, before)
    assert after.grown_since(before) == {}


@pytest.mark.parametrize("transport", TRANSPORTS)
@in_long_loop
async def test_opens_and_closes_leave_nothing(transport: str) -> None:
    async with DevServer() as server:

        async def use() -> None:
            async with make_client(server.url, transports=[transport]) as client:
                assert client.connection_type == transport

        await leaves_nothing(server, use, OPENS)
        assert server.sessions == []


@pytest.mark.parametrize(
    ("transport", "extensions"),
    [("long-polling", ()), ("long-polling", (Aiohttp,)), ("websocket", ())],
    ids=["httpx", "aiohttp", "websockets"],
)
@in_long_loop
async def test_clients_in_use_leave_nothing(transport: str, extensions: tuple[Callable[[], Any], ...]) -> None:
    async with DevServer() as server:

        async def use() -> None:
            async with (
                AsyncClient(server.url, transports=[transport], extensions=[each() for each in extensions]) as client,
                client.subscribe("/a") as events,
            ):
                await client.publish("/a", 1)
                assert (await anext(events)).data == 1

        await leaves_nothing(server, use, 100)


@pytest.mark.parametrize("transport", TRANSPORTS)
@in_long_loop
async def test_handshakes_leave_nothing(transport: str) -> None:
    async with DevServer() as server:
        client = make_client(server.url, transports=[transport], backoff=AT_ONCE_AGAIN)
        subscribed = asyncio.Event()
        client.listen("/meta/subscribe", lambda reply: subscribed.set())
        async with client, client.subscribe("/a") as events:

            async def publish() -> None:
                await client.publish("/a", 1)
                assert (await anext(events)).data == 1

            async def handshake() -> None:
                old = client.client_id
                subscribed.clear()
                client.rehandshake("a test")
                await subscribed.wait()
                assert client.client_id != old
                await publish()
                server.engine.drop(old)

            for _ in range(WARM_UP):
                await handshake()
            await settled(server)
            await publish()  # beside a connect that is held: the most connections that the client ever needs are open
            before = await settled(server)
            for _ in range(HANDSHAKES):
                await handshake()
            after = await settled(server, before)
            assert after.grown_since(before) == {}
            assert len(server.sessions) == 1


def test_synchronous_clients_leave_nothing(bayeux_server: BlockingServer) -> None:
    async def inventory() -> Inventory:
        return take_inventory()

    def use(times: int) -> None:
        for _ in range(times):
            with Client(bayeux_server.url, discover=False, backoff=IMPATIENT) as client:
                client.publish("/a", 1)

    use(WARM_UP)
    before = asyncio.run(inventory())
    use(100)
    after = asyncio.run(inventory())
    assert after.grown_since(before) == {}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pybayeux")]
