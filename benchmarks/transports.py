"""Processor time of the transports: one small POST with each library, and one WebSocket frame in a burst.

    uv run python benchmarks/transports.py

Long-polling goes over httpx, with `pybayeux-aiohttp` over aiohttp, and a WebSocket over websockets. All are measured
in this process and in this run, against a server in a process of its own, and only this process's time counts.
The transports do what a client has them do: an exchange of one publish, with a session's cookie, and events, one in a
frame, until they are received. Beside them stand the libraries alone. Each figure is the best of several rounds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import re
import sys
import time
from base64 import b64encode
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import httpx
from websockets.asyncio.client import connect

from pybayeux import Message, decode
from pybayeux._util.redact import Redactor
from pybayeux.transports.base import DONE, TransportContext
from pybayeux.transports.registry import TransportRegistry
from pybayeux_aiohttp import Aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from multiprocessing.connection import Connection

    from pybayeux.transports.base import Completion, Transport

POSTS: Final = 200
FRAMES: Final = 5_000
FRAME_BYTES: Final = 300
ROUNDS: Final = 5
COOKIE: Final = "BAYEUX_BROWSER=5fc5bd15f0d7a6c6"
JSON: Final = {"Content-Type": "application/json;charset=UTF-8"}


# -- the server

_GOOD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
_UPGRADED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak no more HTTP than is needed here, so that the server is never what is waited for."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = {name.lower(): value for name, value in re.findall(r"(?m)^([\w-]+): *(.*?)\r$", head)}
            if "sec-websocket-key" in headers:
                writer.write(_UPGRADED % _accepted(headers["sec-websocket-key"]))
                await _burst(reader, writer)
            body = _replies(await reader.readexactly(int(headers["content-length"])))
            cookie = b"" if "cookie" in headers else b"Set-Cookie: %s; Path=/; HttpOnly\r\n" % COOKIE.encode()
            writer.write(_GOOD % (cookie, len(body), body))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _burst(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each message, and then send as many events as it says, one in a frame."""
    event: dict[str, Any] = {"channel": "/bench", "data": {"seq": 0, "payload": ""}}
    event["data"]["payload"] = "x" * (FRAME_BYTES - len(json.dumps([event])))
    burst = _frame(json.dumps([event]).encode()) * FRAMES
    while True:
        _, length = await reader.readexactly(2)  # a short text frame, or the farewell
        mask = await reader.readexactly(4)
        sent = bytes(byte ^ mask[at % 4] for at, byte in enumerate(await reader.readexactly(length & 127)))
        if not sent.startswith(b"["):
            writer.write(b"\x88" + bytes([len(sent)]) + sent)
            raise ConnectionError("over")
        writer.write(_frame(_replies(sent)) + burst)


def _frame(text: bytes) -> bytes:
    length = bytes([len(text)]) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2, "big")
    return b"\x81" + length + text


def _replies(body: bytes) -> bytes:
    return json.dumps([{"channel": m.channel, "id": m.id, "successful": True} for m in decode(body)]).encode()


def _accepted(key: str) -> bytes:
    return b64encode(sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())  # noqa: S324 - RFC 6455, section 1.3


async def _serve(tell: Connection) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    tell.send(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def serve(tell: Connection) -> None:
    """Serve until the process ends."""
    asyncio.run(_serve(tell))


# -- the transports


class Receiver:
    """Stands in for the client."""

    def __init__(self, url: str) -> None:
        self.wanted = 0
        self.enough = asyncio.Event()
        self.context = TransportContext(url, self.receive, self.look, self.look, Redactor())

    def receive(self, messages: list[Message]) -> Completion:
        self.wanted -= len(messages)
        if self.wanted <= 0:
            self.enough.set()
        return DONE

    async def look(self, about: object) -> None:
        pass


@asynccontextmanager
async def transport(url: str, name: str, *, over_aiohttp: bool = False) -> AsyncIterator[tuple[Transport, Receiver]]:
    """A transport as a client would make it."""
    registry, receiver = TransportRegistry(), Receiver(url)
    if over_aiohttp:
        Aiohttp().register_transports(registry)
    made = registry.select([name])[name](receiver.context)
    try:
        yield made, receiver
    finally:
        await made.close()


async def best(count: int, measured: Callable[[], Awaitable[None]]) -> float:
    """The least processor time of several rounds, in seconds for each of `count`; the first round does not count."""
    figures = []
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        await measured()
        figures.append(time.process_time() - start)
    return min(figures[1:]) / count


async def time_posts(url: str, *, over_aiohttp: bool) -> float:
    """Seconds of one exchange by long-polling."""
    async with transport(url, "long-polling", over_aiohttp=over_aiohttp) as (made, _):

        async def round_() -> None:
            for number in range(POSTS):
                await made.exchange([Message(channel="/bench", id=str(number), data=0)])

        return await best(POSTS, round_)


async def time_frames(url: str) -> float:
    """Seconds of one event that comes by itself."""
    async with transport(url, "websocket") as (made, receiver):

        async def round_() -> None:
            receiver.wanted = FRAMES + 1
            receiver.enough.clear()
            await made.exchange([Message(channel="/bench", id="1", data=FRAMES)])
            await receiver.enough.wait()

        return await best(FRAMES, round_)


# -- the libraries alone

BODY: Final = b'[{"channel":"/bench","id":"1","data":0}]'
ASKED: Final = f'[{{"channel":"/bench","id":"1","data":{FRAMES}}}]'


async def time_httpx(url: str) -> float:
    """Seconds of one POST of httpx."""
    async with httpx.AsyncClient(headers={**JSON, "Cookie": COOKIE}) as http:

        async def round_() -> None:
            for _ in range(POSTS):
                (await http.post(url, content=BODY)).raise_for_status()

        return await best(POSTS, round_)


async def time_aiohttp(url: str) -> float:
    """Seconds of one POST of aiohttp."""
    async with aiohttp.ClientSession(headers={**JSON, "Cookie": COOKIE}) as http:

        async def round_() -> None:
            for _ in range(POSTS):
                async with http.post(url, data=BODY) as response:
                    await response.read()

        return await best(POSTS, round_)


async def time_websockets(url: str) -> float:
    """Seconds of one frame of websockets."""
    async with connect(url.replace("http", "ws", 1), compression=None, max_queue=256) as socket:

        async def round_() -> None:
            await socket.send(ASKED)
            for _ in range(FRAMES + 1):
                await socket.recv(decode=False)

        return await best(FRAMES, round_)


async def measure(url: str) -> dict[str, tuple[float, float | None]]:
    """The figures: with the built-in library, and with that of the extension, where it has one."""
    return {
        "exchange by long-polling": (
            await time_posts(url, over_aiohttp=False),
            await time_posts(url, over_aiohttp=True),
        ),
        "  the library alone, one POST": (await time_httpx(url), await time_aiohttp(url)),
        "event by WebSocket": (await time_frames(url), None),
        "  the library alone, one frame": (await time_websockets(url), None),
    }


def main() -> int:
    """Print the figures; exit code 1 where the extension is not the faster one."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    process_of = multiprocessing.get_context("spawn")
    here, there = process_of.Pipe()
    server = process_of.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        figures = asyncio.run(measure(f"http://127.0.0.1:{here.recv()}/cometd"))
    finally:
        server.terminate()
        server.join()
    print(f"python {sys.version.split()[0]}, processor time of the client, best of {ROUNDS} rounds")
    print(f"{'':<32}{'built-in':>12}{'extension':>12}   ratio")
    for what, (built_in, ours) in figures.items():
        beside = "" if ours is None else f"{ours * 1e6:9.1f} us   {ours / built_in:5.2f}"
        print(f"{what:<32}{built_in * 1e6:9.1f} us{beside}")
    return 0 if all(ours is None or ours < built_in for built_in, ours in figures.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
