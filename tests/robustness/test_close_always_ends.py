"""`close()` ends whatever the server and the network do at that moment: its limit is `max_network_delay`, not theirs.

The test's own limit of fifteen seconds is fifty times that delay.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from pybayeux import AsyncClient, BayeuxError, Channel, Client, hookimpl
from pybayeux_aiohttp import Aiohttp
from pybayeux_devserver import BlockingServer, DevServer
from tests.servers.faults import Action, Direction, Fault
from tests.servers.proxy import Proxy
from tests.support.clients import make_client
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.servers.server import Server

DELAY = 0.3
MANY = 1000
LIBRARIES: dict[str, tuple[str, Callable[[], list[object]]]] = {
    "httpx": ("long-polling", list),
    "aiohttp": ("long-polling", lambda: [Aiohttp()]),
    "websockets": ("websocket", list),
}
"""Transports, and the extensions with which they use that library."""

Trouble = Callable[[DevServer], object]

TROUBLES: dict[str, Trouble] = {
    "no request arrives": lambda server: server.faults.lose_requests(MANY),
    "no reply arrives": lambda server: server.faults.lose_replies(MANY),
    "replies are cut": lambda server: server.faults.truncate_replies(MANY),
    "replies are held": lambda server: server.faults.hold_replies(MANY),
    "replies are late": lambda server: server.faults.delay_replies(MANY, seconds=3 * DELAY),
    "unavailable": lambda server: server.faults.unavailable(MANY),
    "unavailable for an hour": lambda server: server.faults.unavailable(MANY, retry_after=3600),
    "unauthorized": lambda server: server.faults.unavailable(MANY, status=401),
    "HTML": lambda server: server.faults.answer_instead(MANY, body="<html>login</html>"),
    "an empty answer": lambda server: server.faults.answer_instead(MANY, body="[]"),
    "another's answer": lambda server: server.faults.answer_instead(
        MANY, body='[{"channel": "/meta/disconnect", "id": "no", "successful": false}]'
    ),
    "redirected in a circle": lambda server: server.faults.answer_instead(
        MANY, status=307, headers={"Location": server.url}
    ),
    "session dropped": lambda server: server.faults.drop_sessions(),
    "session disconnected": lambda server: server.faults.disconnect_sessions(),
    "connections cut": lambda server: server.faults.close_websockets(code=None),
    "server down": lambda server: server.restart_soon(60),
    "events and events": lambda server: _flood(server),
}


def _flood(server: DevServer) -> None:
    for number in range(5000):
        server.engine.publish("/a", number)


async def opened(client: AsyncClient) -> None:
    await client.start()
    await client.subscribe("/a", lambda event: None)
    await client.publish("/a", 1)


async def closed(client: AsyncClient) -> None:
    await client.close()
    assert client.state == "disconnected"
    assert [each for each in asyncio.all_tasks() if each.get_name().startswith("pybayeux-")] == []


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("trouble", TROUBLES)
@in_loop
async def test_close_ends_whatever_the_server_does(trouble: str, library: str) -> None:
    transport, extensions = LIBRARIES[library]
    async with DevServer() as server:
        client = make_client(server.url, *extensions(), transports=[transport], max_network_delay=DELAY)
        await opened(client)
        TROUBLES[trouble](server)
        await closed(client)
        server.faults.clear()


NETWORKS: dict[str, Callable[[Proxy], object]] = {
    "nothing leaves": lambda proxy: proxy.add(Fault(Action.STALL, b"", MANY, direction=Direction.REQUEST)),
    "nothing comes": lambda proxy: proxy.add(Fault(Action.STALL, b"", MANY)),
    "it is reset": lambda proxy: proxy.add(Fault(Action.RESET, b"", MANY)),
    "the reply is cut": lambda proxy: proxy.add(Fault(Action.CUT, Channel.META_DISCONNECT.encode(), MANY)),
    "it is slow": lambda proxy: proxy.add(Fault(Action.DELAY, b"", MANY, seconds=3 * DELAY)),
    "it is down": lambda proxy: proxy.refuse(),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("network", NETWORKS)
@in_loop
async def test_close_ends_whatever_the_network_does(network: str, library: str) -> None:
    transport, extensions = LIBRARIES[library]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(DevServer())
        address = urlsplit(server.url)
        proxy = Proxy(cast("Server", SimpleNamespace(port=address.port, path=address.path)))
        stack.push_async_callback(asyncio.to_thread, proxy.close)
        client = make_client(proxy.url, *extensions(), transports=[transport], max_network_delay=DELAY)
        await opened(client)
        await asyncio.to_thread(NETWORKS[network], proxy)
        await closed(client)


class Failures:
    """Notes what is reported."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.texts.append(str(error))


@in_loop
async def test_close_ends_though_a_handler_ignores_that_it_is_cancelled() -> None:
    failures = Failures()
    async with DevServer() as server:
        client = make_client(server.url, failures, max_network_delay=DELAY)
        await client.start()
        at_work, may_end = asyncio.Event(), asyncio.Event()

        async def ignore(event: Any) -> None:
            at_work.set()
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()

        await client.subscribe("/a", ignore)
        await client.publish("/a", 1)
        await at_work.wait()
        await client.close()
        assert client.state == "disconnected"
        assert failures.texts == [
            "the receiver of /a failed: TimeoutError: it was cancelled at the end, and goes on",
        ]
        may_end.set()
        await asyncio.sleep(0.01)


def test_synchronous_close_ends_though_a_handler_never_returns(bayeux_server: BlockingServer) -> None:
    client = Client(bayeux_server.url, discover=False, max_network_delay=DELAY)
    client.start()
    at_work, may_end = threading.Event(), threading.Event()

    def block(event: Any) -> None:
        at_work.set()
        may_end.wait(60)

    client.subscribe("/a", block)
    client.publish("/a", 1)
    assert at_work.wait(10)
    client.close()
    assert client.state == "disconnected"
    (worker,) = [thread for thread in threading.enumerate() if thread.name.startswith("pybayeux-worker")]
    assert not may_end.is_set()
    may_end.set()
    worker.join(10)
    for thread in threading.enumerate():
        if thread.name == "pybayeux-end":
            thread.join(10)


@in_loop
async def test_close_ends_while_receivers_are_at_work() -> None:
    async with DevServer() as server:
        client = make_client(server.url, max_network_delay=DELAY)
        await client.start()
        at_work = asyncio.Event()

        async def never(event: Any) -> None:
            at_work.set()
            await asyncio.Event().wait()

        async def iterate(events: AsyncIterator[Any]) -> None:
            async for _ in events:
                pass

        await client.subscribe("/a", never)
        iterating = asyncio.create_task(iterate(aiter(await client.subscribe("/b"))))
        with suppress(TimeoutError):
            await client.publish("/a", 1, timeout=5)
        await at_work.wait()
        await closed(client)
        await iterating
