"""Other event loops than asyncio's usual one: uvloop, debug mode, eager tasks."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient
from pybayeux_devserver import DevServer
from tests.support.clients import make_client

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSPORTS = ("long-polling", "websocket")
EVENTS = 200


async def converse(transport: str, extensions: bool) -> None:
    """All that a client does, with a server whose session is lost in the middle of it."""
    async with DevServer() as server:
        arguments: dict[str, Any] = {"transports": [transport]}
        make: Callable[..., AsyncClient] = AsyncClient if extensions else make_client
        if extensions:
            arguments["options"] = {"replay": {"since": "earliest"}}
        async with make(server.url, **arguments) as client:
            handled: list[int] = []
            all_handled = asyncio.Event()

            async def handle(event: Any) -> None:
                await asyncio.sleep(0)
                handled.append(event.data["number"])
                if len(handled) >= EVENTS:
                    all_handled.set()

            await client.subscribe("/a", handle)
            for number in range(EVENTS // 2):
                await client.publish("/a", {"number": number})
            old, connected = client.client_id, asyncio.Event()
            client.listen("/meta/subscribe", lambda reply: connected.set())
            server.faults.drop_sessions()
            await connected.wait()
            assert client.client_id != old
            async with client.batch() as batch:
                for number in range(EVENTS // 2, EVENTS):
                    batch.publish("/a", {"number": number})
            await all_handled.wait()
            assert sorted(handled) == list(range(EVENTS)), "they come with two answers at a time"
    await asyncio.sleep(0)
    gc.collect()
    left = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    assert left == []


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("extensions", [False, True])
def test_client_works_on_uvloop(transport: str, extensions: bool) -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(converse(transport, extensions))


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("extensions", [False, True])
def test_debug_mode_of_asyncio_has_nothing_to_complain_of(
    transport: str, extensions: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def patiently() -> None:
        asyncio.get_running_loop().slow_callback_duration = 5.0  # a busy machine makes every callback slow
        await converse(transport, extensions)

    with caplog.at_level(logging.WARNING, "asyncio"), asyncio.Runner(debug=True) as runner:
        runner.run(patiently())
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


if sys.version_info >= (3, 12):  # which brought eager tasks

    @pytest.mark.parametrize("transport", TRANSPORTS)
    @pytest.mark.parametrize("extensions", [False, True])
    def test_client_works_with_eager_tasks(transport: str, extensions: bool) -> None:
        async def eagerly() -> None:
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            await converse(transport, extensions)

        asyncio.run(eagerly())
