"""`close()` ends whatever the server does: each of these servers would keep a patient client for ever."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import AsyncClient
from pybayeux_aiohttp import Aiohttp
from tests.support.clients import IMPATIENT
from tests.support.local_server import LocalServer
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Callable

CHUNKED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
HELD: Final = ("/meta/connect", "/meta/disconnect")


async def says_nothing(writer: StreamWriter) -> None:
    await asyncio.Event().wait()


async def trickles(writer: StreamWriter) -> None:
    """A byte at a time, sooner than any timeout between two reads."""
    writer.write(CHUNKED)
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def trickles_headers(writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(writer: StreamWriter) -> None:
    """Events without end, as fast as they are read."""
    event = b'{"channel":"/a","data":"' + b"x" * 10_000 + b'"},'
    writer.write(CHUNKED + b"1\r\n[\r\n")
    while True:
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()


async def hints(writer: StreamWriter) -> None:
    """Interim answers without end."""
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


class Server(LocalServer):
    """Handshakes and subscribes as it should, and does something else with the requests to some channels."""

    def __init__(self, talk: Callable[[StreamWriter], Awaitable[None]]) -> None:
        super().__init__()
        self._talk: Final = talk
        self._connects = 0
        self.is_held = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bayeux"

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await self._answer(json.loads(await reader.readexactly(int(length.partition(b":")[2]))), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, asked: list[dict[str, Any]], writer: StreamWriter) -> None:
        channels = {message["channel"] for message in asked}
        self._connects += "/meta/connect" in channels
        if channels & set(HELD) and self._connects > 1:
            self.is_held.set()
            await self._talk(writer)
        replies = [reply_to(message, "long-polling") for message in asked]
        body = json.dumps(replies).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()


def reply_to(message: dict[str, Any], connection_type: str) -> dict[str, Any]:
    """The right reply, with advice to wait for a thousand minutes."""
    reply = {"channel": message["channel"], "id": message["id"], "successful": True}
    if message["channel"] == "/meta/handshake":
        reply |= {"clientId": "c", "version": "1.0", "supportedConnectionTypes": [connection_type]}
        reply |= {"advice": {"reconnect": "retry", "interval": 0, "timeout": 60_000_000}}
    return reply | ({"subscription": message["subscription"]} if "subscription" in message else {})


@pytest.mark.parametrize("talk", [says_nothing, trickles, trickles_headers, floods, hints])
@pytest.mark.parametrize("extensions", [list, lambda: [Aiohttp()]], ids=["httpx", "aiohttp"])
@in_loop
async def test_close_ends(
    talk: Callable[[StreamWriter], Awaitable[None]], extensions: Callable[[], list[object]]
) -> None:
    async with Server(talk) as server:
        client = AsyncClient(
            server.url,
            discover=False,
            transports=["long-polling"],
            extensions=extensions(),
            backoff=IMPATIENT,
            max_network_delay=0.5,
        )
        await client.start()
        await client.subscribe("/a", lambda event: None)
        await server.is_held.wait()
        await client.close()
        assert client.state == "disconnected"
