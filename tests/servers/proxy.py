"""A TCP proxy before a server, with faults on demand in the middle of a message.

Knows nothing of HTTP, WebSocket or Bayeux: a fault strikes where certain bytes pass. Runs on a loop in a thread of
its own, so that tests with and without a loop can use it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from tests.servers.faults import Action, Direction, Fault
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Coroutine
    from types import TracebackType

__all__ = ("Place", "Proxy", "Upstream")

_CHUNK: Final = 1 << 16
_TIMEOUT: Final = 10.0
_BACKLOG: Final = 100


class Upstream(Protocol):
    """What a proxy knows of the server behind it, on this machine."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def path(self) -> str:
        """The path of its Bayeux URL."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server of any kind listens on this machine.

    Args:
        port: the port.
        path: the path of its Bayeux URL, if it has one.
    """

    port: int
    path: str = ""


class Proxy:
    """Passes every connection on to a server, until told otherwise; a context manager.

    Args:
        server: where to; may be stopped and started meanwhile.
        host: the address to listen on.
    """

    def __init__(self, server: Upstream, host: str = "127.0.0.1") -> None:
        self._server = server
        self.host = host
        self._faults: list[Fault] = []
        self._links: set[asyncio.Task[Any]] = set()
        self._listener: socket.socket | None = None
        self.port = free_port()
        self.connections = 0
        """How many connections were accepted so far."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.accept()

    @property
    def url(self) -> str:
        """The Bayeux URL for HTTP, through the proxy."""
        return f"http://{self.host}:{self.port}{self._server.path}"

    @property
    def ws_url(self) -> str:
        """The Bayeux URL for WebSocket, through the proxy."""
        return f"ws://{self.host}:{self.port}{self._server.path}"

    def add(self, fault: Fault) -> Fault:
        """Lets a fault lie in wait; returns it."""
        self._faults = [each for each in self._faults if not each.is_over] + [fault]
        return fault

    def accept(self) -> None:
        """Accepts connections: again, after `refuse`, on the same port."""
        self._run(self._accept())

    def refuse(self) -> None:
        """Breaks all connections and refuses new ones."""
        self._run(self._refuse())

    def sever(self) -> None:
        """Breaks all connections, with a reset; new ones are accepted."""
        self._run(self._sever())

    def close(self) -> None:
        """Ends the proxy."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_TIMEOUT)

    async def _accept(self) -> None:
        """Accepts by itself: a server of asyncio's before Python 3.12.1 loses connections that come as it closes."""
        self._listener = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accepted, self._listener)

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        await self._sever()

    async def _sever(self) -> None:
        links = tuple(self._links)
        await asyncio.sleep(0)  # each has begun, and closes its connection as it ends
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    def _accepted(self, listener: socket.socket) -> None:
        """A connection is known at once."""
        try:
            near, _ = listener.accept()
        except OSError:  # it is gone again
            return
        near.setblocking(False)
        link = self._loop.create_task(self._serve(near))
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        self.connections += 1

    async def _serve(self, accepted: socket.socket) -> None:
        near_reader, near = await asyncio.open_connection(sock=accepted)
        try:
            await self._link(near_reader, near)
        finally:
            near.close()

    async def _link(self, near_reader: StreamReader, near: StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._server.port)
            await self._relay(near_reader, far, far_reader, near)
        except (OSError, asyncio.CancelledError):
            _reset(near)

    async def _relay(
        self, near_reader: StreamReader, far: StreamWriter, far_reader: StreamReader, near: StreamWriter
    ) -> None:
        """Runs both directions until one has ended; raises `OSError` when it broke."""
        pumps = (
            asyncio.ensure_future(self._pump(near_reader, far, Direction.REQUEST)),
            asyncio.ensure_future(self._pump(far_reader, near, Direction.REPLY)),
        )
        try:
            ended, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in ended:
                pump.result()
            far.close()
        finally:
            if not far.is_closing():
                _reset(far)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: StreamReader, writer: StreamWriter, direction: Direction) -> None:
        going_on = True
        while going_on and (chunk := await reader.read(_CHUNK)):
            going_on = await self._forward(chunk, writer, direction)

    async def _forward(self, chunk: bytes, writer: StreamWriter, direction: Direction) -> bool:
        """Passes ``chunk`` on, or as much of it as a fault allows; False when the connection is to end."""
        for fault in self._faults:
            if (end := fault.find(chunk, direction)) >= 0:
                await _send(writer, chunk[:end])
                fault.strike()
                return await _carry_out(fault) and await _send(writer, chunk[end:])
        return await _send(writer, chunk)


async def _send(writer: StreamWriter, chunk: bytes) -> bool:
    writer.write(chunk)
    await writer.drain()
    return True


async def _carry_out(fault: Fault) -> bool:
    """Returns whether the connection goes on; raises when it is to break."""
    match fault.action:
        case Action.DELAY:
            await asyncio.sleep(fault.seconds)
        case Action.STALL:
            await asyncio.Event().wait()
        case Action.RESET:
            raise ConnectionResetError
        case Action.CUT:
            return False
    return True


def _reset(writer: StreamWriter) -> None:
    """Closes with a reset instead of an end: that is what a linger time of zero means to TCP."""
    connection: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
