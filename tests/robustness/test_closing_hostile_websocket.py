"""`close()` ends over WebSocket too, whatever the server does with the socket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from websockets.asyncio.server import ServerConnection, serve

from pybayeux import AsyncClient
from tests.robustness.test_closing_hostile import reply_to
from tests.support.clients import IMPATIENT
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def says_nothing(socket: ServerConnection) -> None:
    await socket.wait_closed()


async def reads_nothing(socket: ServerConnection) -> None:
    """Not even the frame that closes the socket."""
    socket.transport.pause_reading()
    await socket.wait_closed()


async def floods(socket: ServerConnection) -> None:
    """Events without end, as fast as they are read."""
    while True:
        await socket.send(json.dumps([{"channel": "/a", "data": "x" * 10_000}]))


async def sends_one_frame_without_end(socket: ServerConnection) -> None:
    async def fragments() -> Any:
        yield "["
        while True:
            yield '{"channel":"/a","data":1},'
            await asyncio.sleep(0.02)

    await socket.send(fragments())


async def pings(socket: ServerConnection) -> None:
    while True:
        await socket.ping()
        await asyncio.sleep(0.02)


class Server:
    """Handshakes as it should, and then does something else."""

    def __init__(self, talk: Callable[[ServerConnection], Awaitable[None]]) -> None:
        self._talk: Final = talk
        self.is_held = asyncio.Event()

    async def handle(self, socket: ServerConnection) -> None:
        connects = 0
        async for frame in socket:
            asked = json.loads(frame)
            connects += any(message["channel"] == "/meta/connect" for message in asked)
            if connects > 1:
                self.is_held.set()
                await self._talk(socket)
            await socket.send(json.dumps([reply_to(message, "websocket") for message in asked]))


@pytest.mark.parametrize("talk", [says_nothing, reads_nothing, floods, sends_one_frame_without_end, pings])
@in_loop
async def test_close_ends(talk: Callable[[ServerConnection], Awaitable[None]]) -> None:
    server = Server(talk)
    async with serve(server.handle, "127.0.0.1", 0, close_timeout=0.1) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        client = AsyncClient(
            f"http://127.0.0.1:{port}/bayeux",
            discover=False,
            transports=["websocket"],
            backoff=IMPATIENT,
            max_network_delay=0.5,
        )
        await client.start()
        await server.is_held.wait()
        await client.close()
        assert client.state == "disconnected"
        for connection in listening.connections:
            connection.transport.abort()
