"""A user's task that is cancelled at each of its suspensions in turn, from `start` to `close`.

Whatever the moment: the task ends as cancelled, the client closes, nothing is left, and a new client works.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer
from core.tests.fake_server import make_client as make_fake_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import AsyncClient, ConnectionState, Message, hookimpl
from pybayeux_aiohttp import Aiohttp
from pybayeux_devserver import DevServer
from tests.support.cancelling import CancelledAt
from tests.support.clients import make_client
from tests.support.inventory import take_inventory
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.inventory import Inventory

MOST = 200
"""More suspensions than a use of the client has."""


async def in_blocks(client: AsyncClient) -> None:
    async with client, client.subscribe("/a") as events:
        await client.publish("/a", 1)
        assert (await anext(events)).data == 1
        async with client.batch() as batch:
            batch.publish("/a", 2)
        async for event in events:
            assert event.data == 2
            break


async def step_by_step(client: AsyncClient) -> None:
    await client.start()
    try:
        handled = asyncio.Event()
        subscription = await client.subscribe("/a", lambda event: handled.set())
        await client.publish("/a", 1)
        await handled.wait()
        await subscription.unsubscribe()
        await client.wait_for("connected")
    finally:
        await client.close()


async def cancel_everywhere(make: Callable[[], AsyncClient], use: Callable[[AsyncClient], Any]) -> int:
    """Use new clients, cancelled one suspension later each time; return how many suspensions there are."""
    for number in range(1, MOST):
        client = make()
        work = CancelledAt(number, use(client))
        task = asyncio.ensure_future(work)
        await asyncio.wait([task])
        if not work.happened:
            await task
            return number - 1
        # The last suspension may be one at whose end the work is done anyway.
        assert task.cancelled() or task.exception() is None, f"cancelled at suspension {number}"
        await client.close()
        assert client.state is ConnectionState.DISCONNECTED
        left = [each for each in asyncio.all_tasks() if each.get_name().startswith("pybayeux-")]
        assert left == [], f"cancelled at suspension {number}"
    raise AssertionError("it is suspended again and again")


@pytest.mark.parametrize("use", [in_blocks, step_by_step])
@in_virtual_time
async def test_task_is_cancelled_at_every_suspension(use: Callable[[AsyncClient], Any]) -> None:
    server = FakeServer()
    server.echo = lambda message: [Message(channel="/a", data=message.data)] if message.channel == "/a" else []
    count = await cancel_everywhere(lambda: make_fake_client(server), use)
    assert count >= 5
    assert server.opened == 0


class Waiting:
    """An extension whose hooks wait, so that there are more suspensions."""

    @hookimpl
    async def registered(self) -> None:
        await asyncio.sleep(0)

    @hookimpl
    async def unregistered(self) -> None:
        await asyncio.sleep(0)

    @hookimpl
    async def delivered(self) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("transport", "extensions"),
    [
        pytest.param("long-polling", (), id="httpx"),
        pytest.param("long-polling", (Waiting,), id="httpx, waiting"),
        pytest.param("long-polling", (Aiohttp,), id="aiohttp"),
        pytest.param("websocket", (), id="websockets"),
        pytest.param("websocket", (Waiting,), id="websockets, waiting"),
    ],
)
@pytest.mark.parametrize("use", [in_blocks, step_by_step])
@in_long_loop
async def test_task_is_cancelled_at_every_suspension_on_a_server(
    use: Callable[[AsyncClient], Any], transport: str, extensions: tuple[Callable[[], object], ...]
) -> None:
    async with DevServer() as server:

        def make() -> AsyncClient:
            return make_client(server.url, *[each() for each in extensions], transports=[transport])

        await use(make())
        before = take_inventory()
        assert await cancel_everywhere(make, use) >= 5
        grown = await _left_since(before, server)
        assert (grown, server.sessions) == ({}, [])


async def _left_since(before: Inventory, server: DevServer) -> dict[str, str]:
    """What is left once the server has noticed that the clients are gone."""
    server.recorder.clear()
    for _ in range(200):
        if not (grown := take_inventory().grown_since(before)) and not server.sessions:
            break
        await asyncio.sleep(0.02)
    return grown


@in_virtual_time
async def test_close_that_is_cancelled_goes_on() -> None:
    server = FakeServer()
    server.silent.add("/meta/disconnect")
    client = make_fake_client(server, max_network_delay=5)
    await client.start()
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(1)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    await asyncio.sleep(60)
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
