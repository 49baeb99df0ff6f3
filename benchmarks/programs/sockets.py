"""Many sessions on the libraries alone: what the sockets of many clients take.

    python -m benchmarks.programs.sockets TASK

The libraries are those of our clients: websockets, and for long-polling httpx, or aiohttp where `installed` is "all".
Each session has a client of the library, and the sockets of one of ours: a WebSocket, or two connections by
long-polling, of which one holds the connect while the other subscribes. What comes is counted and not decoded.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import aiohttp
import httpx
import msgspec
from websockets.asyncio.client import connect

from benchmarks.programs.recorder import Recorder, tell, wait_for_end
from benchmarks.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Exchange: TypeAlias = "Callable[[bytes], Awaitable[bytes]]"
"""Sends a body or frame, and returns what comes with the reply."""

_HEADERS: Final = {"Content-Type": "application/json"}
_HOLD: Final = 300.0
"""Seconds that a connect may be held at the most."""
_trust: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_ids: Final = count(1)


async def over_httpx(url: str, stack: AsyncExitStack) -> Exchange:
    # The context is shared: one for each, with the certificates, would take ten times as much as all the rest.
    http = await stack.enter_async_context(httpx.AsyncClient(verify=_trust, timeout=_HOLD, headers=_HEADERS))

    async def post(body: bytes) -> bytes:
        return (await http.post(url, content=body)).content

    return post


async def over_aiohttp(url: str, stack: AsyncExitStack) -> Exchange:
    jar = aiohttp.CookieJar(unsafe=True)
    http = await stack.enter_async_context(aiohttp.ClientSession(headers=_HEADERS, cookie_jar=jar))

    async def post(body: bytes) -> bytes:
        async with http.post(url, data=body) as response:
            return await response.read()

    return post


async def over_websockets(url: str, stack: AsyncExitStack) -> Exchange:
    socket = await stack.enter_async_context(connect(url, compression=None, max_size=None))

    async def exchange(body: bytes) -> bytes:
        await socket.send(body, text=True)
        return await _until_answered(socket.recv)

    return exchange


async def _until_answered(receive: Callable[..., Awaitable[Any]]) -> bytes:
    """What comes before the reply, and the reply: it alone has an id, as the test server's events have none."""
    came = b""
    while b'"successful"' not in came:
        frame = await receive()
        came += frame if isinstance(frame, bytes) else frame.encode()
    return came


def _way_of(task: Task) -> Callable[[str, AsyncExitStack], Awaitable[Exchange]]:
    if task.transport == "websocket":
        return over_websockets
    return over_aiohttp if task.installed == "all" else over_httpx


async def run(task: Task) -> None:
    """Open the sessions one by one, as the programs of the clients do, and count what they receive."""
    recorder = Recorder(task.count * task.clients)
    over = _way_of(task)
    url = task.url if task.transport == "long-polling" else task.url.replace("http", "ws", 1)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as polls:
        for number in range(task.clients):
            session = await Session.open(await over(url, stack), task.transport)
            if task.transport == "websocket":  # which only one may read from
                await session.subscribe(task.channel)
                polls.create_task(session.poll(recorder))
            else:
                polls.create_task(session.poll(recorder))
                await session.subscribe(task.channel)
            if not number:
                tell("one")
        recorder.subscribed()
        await asyncio.to_thread(wait_for_end)
        sys.exit()


class Session:
    """A session on a server."""

    def __init__(self, exchange: Exchange, transport: str) -> None:
        self._exchange: Final = exchange
        self._connect: Final = {"connectionType": transport}
        self._client_id = ""

    @classmethod
    async def open(cls, exchange: Exchange, transport: str) -> Session:
        """Shake hands and connect once."""
        session = cls(exchange, transport)
        body = await session.ask("/meta/handshake", version="1.0", supportedConnectionTypes=[transport])
        session._client_id = json.loads(body)[0]["clientId"]
        await session.ask("/meta/connect", advice={"timeout": 0}, **session._connect)
        return session

    async def subscribe(self, channel: str) -> None:
        """Subscribe to a channel."""
        await self.ask("/meta/subscribe", subscription=channel)

    async def ask(self, channel: str, **members: Any) -> bytes:
        """Send a message; returns what comes with its reply."""
        message = {"channel": channel, "id": str(next(_ids)), **members}
        if self._client_id:
            message["clientId"] = self._client_id
        return await self._exchange(json.dumps([message]).encode())

    async def poll(self, recorder: Recorder) -> None:
        """Count events until the program ends."""
        while True:
            recorder.received_in(await self.ask("/meta/connect", **self._connect))


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Task)))
