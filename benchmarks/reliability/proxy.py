"""A proxy between a client and its server, with a fault at one kind of exchange.

Owns the connections of one client. It reads whole HTTP messages and WebSocket frames, finds out to which exchange they
belong, and has the fault act on those of its place. It knows no fault itself. Compression of WebSockets is not offered
to the server, so that every frame can be read.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import h11

from benchmarks.reliability.exchanges import Place, client_id_of, messages_of, places_of
from benchmarks.reliability.frames import Opcode, read_frame
from benchmarks.reliability.http_messages import HttpMessage, read_request, read_response
from benchmarks.reliability.replies import FrameReply, HttpReply, LinkEnd, Reply

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter
    from types import TracebackType

__all__ = ("ExchangeFault", "Proxy")


class ExchangeFault(Protocol):
    """What happens to the exchanges at its place, while it is armed.

    Attributes:
        replaces_server: Whether it answers in the server's place, so that nothing reaches the server.
        upgrade: What an upgrade to WebSocket is answered with while the fault is armed; None lets it pass.
    """

    @property
    def replaces_server(self) -> bool: ...

    @property
    def upgrade(self) -> HttpMessage | None: ...

    def takes(self, places: set[Place], place: Place) -> bool:
        """Whether it acts on a reply that belongs to `places`."""

    async def act(self, reply: Reply) -> None:
        """Acts on one reply."""


class Proxy:
    """Listens before a server; an asynchronous context manager.

    Args:
        port: The port of the server.
        host: The address to listen on.
        tls: The certificate to show, for a URL with ``https``.

    Attributes:
        port: Where it listens.
        struck: Set as soon as the fault has acted for the first time.
        client_id: The session that was last seen.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._server_port: Final = port
        self._host: Final = host
        self.tls = tls
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._links: Final[set[_Link]] = set()
        self._fault: ExchangeFault | None = None
        self._place = Place.CONNECT
        self.struck = asyncio.Event()
        self.client_id: str | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.refuse()

    def arm(self, fault: ExchangeFault, place: Place) -> None:
        """Arms the fault for the exchanges at a place."""
        self._fault, self._place = fault, place

    def disarm(self) -> None:
        """Lets everything pass again."""
        self._fault = None

    async def accept(self) -> None:
        """Accepts connections, on the same port each time."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._protocol, self._host, self.port, ssl=self.tls)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Breaks all connections and refuses new ones."""
        if self._listener is not None:
            self._listener.close()
        await self.sever()

    async def sever(self) -> None:
        """Breaks all connections with a reset; new ones are accepted."""
        for link in tuple(self._links):
            await link.end(reset=True)

    def fault_at(self, places: set[Place]) -> ExchangeFault | None:
        """The fault that acts on a reply, if one does."""
        if self._fault is None or not self._fault.takes(places, self._place):
            return None
        self.struck.set()
        return self._fault

    @property
    def upgrade(self) -> HttpMessage | None:
        """What an upgrade is answered with, or None."""
        return self._fault.upgrade if self._fault is not None and self.struck.is_set() else None

    def note(self, body: bytes) -> None:
        """Notes which session is spoken of."""
        self.client_id = client_id_of(body) or self.client_id

    async def dial(self) -> tuple[StreamReader, StreamWriter]:
        """A connection to the server."""
        return await asyncio.open_connection("127.0.0.1", self._server_port)

    def _protocol(self) -> asyncio.Protocol:
        link = _Link(self, self._links)
        return _ClientProtocol(link)


class _ClientProtocol(asyncio.StreamReaderProtocol):
    """Tells its link at once when the client has gone, also while the link waits for the server."""

    def __init__(self, link: _Link) -> None:
        super().__init__(link.reader, link.begin)
        self._link: Final = link

    def eof_received(self) -> bool | None:
        self._link.client_gone()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.client_gone()
        super().connection_lost(exc)


class _Link:
    """One connection of the client, with the server's beside it."""

    def __init__(self, proxy: Proxy, links: set[_Link]) -> None:
        self._proxy: Final = proxy
        self._links: Final = links
        self.reader: Final = asyncio.StreamReader()
        self._writer: StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._far: tuple[StreamReader, StreamWriter] | None = None
        self._silent = False

    # -- life

    def begin(self, _: StreamReader, writer: StreamWriter) -> None:
        """The connection is made."""
        self._writer = writer
        self._links.add(self)
        self._task = asyncio.get_running_loop().create_task(self._run(writer))
        # A task that is cancelled before its first step runs nothing, not even its end.
        self._task.add_done_callback(lambda _: self._close(writer))

    def client_gone(self) -> None:
        """The client has closed; the server hears of it, unless the connection is dead on the way."""
        if self._task is not None and not self._silent:
            self._task.cancel()

    async def end(self, *, reset: bool) -> None:
        """Ends the connection from outside."""
        if self._writer is not None and reset:
            _reset(self._writer)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def silence(self) -> None:
        """From now on nothing passes, and nobody hears of it. Never returns."""
        self._silent = True
        await asyncio.Event().wait()

    async def _run(self, writer: StreamWriter) -> None:
        try:
            await self._serve(writer)
        except LinkEnd as end:
            if end.reset:
                _reset(writer)
        except (OSError, EOFError, h11.ProtocolError):
            _reset(writer)

    def _close(self, writer: StreamWriter) -> None:
        self._links.discard(self)
        writer.close()
        self._hang_up()

    def _hang_up(self) -> None:
        """Ends the connection to the server."""
        if self._far is not None:
            self._far[1].close()
            self._far = None

    # -- HTTP

    async def _serve(self, writer: StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER)
        while (request := await read_request(self.reader, parser)) is not None:
            if request.header(b"upgrade") is not None:
                await self._upgrade(request, writer)
                return
            await self._answer(request, writer)
            parser = _next_cycle(parser)

    async def _answer(self, request: HttpMessage, writer: StreamWriter) -> None:
        self._proxy.note(request.body)
        reply = HttpReply(self, request, writer)
        if (fault := self._proxy.fault_at(places_of(messages_of(request.body)))) is not None:
            await fault.act(reply)
        else:
            await reply.write(reply.wire(await reply.fetch()))

    async def fetch(self, request: HttpMessage) -> HttpMessage:
        """The server's answer to a request."""
        if self._far is not None and self._far[0].at_eof():
            self._hang_up()
        self._far = self._far or await self._proxy.dial()
        reader, writer = self._far
        writer.write(request.encode())
        response = await read_response(reader, request)
        if response.header(b"connection") == b"close":
            self._hang_up()
        self._proxy.note(response.body)
        return response

    # -- WebSocket

    async def _upgrade(self, request: HttpMessage, writer: StreamWriter) -> None:
        if (refusal := self._proxy.upgrade) is not None:
            writer.write(refusal.encode())
            await writer.drain()
            raise LinkEnd(reset=False)
        self._hang_up()
        self._far = far_reader, far = await self._proxy.dial()
        headers = tuple(header for header in request.headers if header[0] != b"sec-websocket-extensions")
        far.write(HttpMessage(request.start, headers).encode_upgrade())
        response = await read_response(far_reader, request)
        if not response.start.startswith(b"HTTP/1.1 101"):
            writer.write(response.encode())
            raise LinkEnd(reset=False)
        writer.write(response.encode_upgrade())
        pumps = {
            asyncio.ensure_future(self._pump_requests(self.reader, far)),
            asyncio.ensure_future(self._pump_replies(far_reader, writer)),
        }
        try:
            ended, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in ended:
                pump.result()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump_requests(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            frame = await read_frame(reader, masked=True)
            if self._silent:
                await self.silence()
            if frame.opcode is Opcode.TEXT:
                self._proxy.note(bytes(frame.data))
                fault = self._proxy.fault_at(places_of(messages_of(bytes(frame.data))))
                if fault is not None and fault.replaces_server:
                    raise LinkEnd(reset=True)
            writer.write(frame.serialize(mask=True))
            await writer.drain()

    async def _pump_replies(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            await self._reply(FrameReply(self, await read_frame(reader, masked=False), writer))

    async def _reply(self, reply: FrameReply) -> None:
        frame = reply.frame
        if frame.opcode is Opcode.TEXT:
            body = bytes(frame.data)
            places = places_of(messages_of(body), reply=True)
            if places:
                self._proxy.note(body)
            fault = self._proxy.fault_at(places) if places else None
            if fault is not None and not fault.replaces_server:
                await fault.act(reply)
                return
        await reply.write(frame.serialize(mask=False))


def _next_cycle(parser: h11.Connection) -> h11.Connection:
    """A parser for the next request, with what the client has sent of it already."""
    fresh = h11.Connection(h11.SERVER)
    if early := parser.trailing_data[0]:
        fresh.receive_data(early)
    return fresh


def _reset(writer: StreamWriter) -> None:
    """Closes with a reset instead of an end: that is what a linger time of zero means to TCP."""
    connection: Any = writer.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
