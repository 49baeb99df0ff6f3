"""A reply on its way to the client, as a fault sees it: over long-polling and over WebSocket alike.

What a fault does to a reply is said once; here is what that means on each transport.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from benchmarks.reliability.frames import Frame, Opcode, text
from benchmarks.reliability.http_messages import HttpMessage

if TYPE_CHECKING:
    from asyncio import StreamWriter

__all__ = ("FrameReply", "HttpReply", "LinkEnd", "Reply", "Swap")

_SWAP_PATIENCE: Final = 1.0
"""Seconds that a reply waits for another one to change places with."""

_tasks: Final[set[asyncio.Task[None]]] = set()
"""Frames that wait, held here so that they are not collected."""


class LinkEnd(Exception):
    """The connection of the client ends, with a reset or in an orderly way."""

    def __init__(self, *, reset: bool) -> None:
        self.reset: Final = reset


class Link(Protocol):
    """What a reply needs of its connection."""

    async def fetch(self, request: HttpMessage) -> HttpMessage:
        """The server's answer to a request."""

    async def silence(self) -> None:
        """Lets nothing pass any more. Never returns."""


class Swap:
    """Where two replies change places: the first waits here for the second."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[bytes] | None = None
        self._body = b""

    @property
    def pending(self) -> bool:
        """Whether a reply waits."""
        return self._waiting is not None and not self._waiting.done()

    async def other(self, body: bytes) -> bytes:
        """Waits for a second reply, which calls `take`; returns its body, or the own one if none comes."""
        self._waiting, self._body = asyncio.get_running_loop().create_future(), body
        try:
            return await asyncio.wait_for(self._waiting, _SWAP_PATIENCE)
        except TimeoutError:
            return body

    def take(self, body: bytes) -> bytes:
        """Takes the body of the reply that waits, and leaves it another one."""
        assert self._waiting is not None
        self._waiting.set_result(body)
        return self._body


class Reply(Protocol):
    """A reply at the place of the fault."""

    async def fetch(self) -> bytes:
        """Its body, from the server."""

    def wire(self, body: bytes) -> bytes:
        """The bytes of a correct reply with this body."""

    def short(self, body: bytes) -> bytes:
        """The same with a length that is too small."""

    def mistyped(self, body: bytes) -> bytes:
        """The same with a wrong content type."""

    def miscompressed(self, body: bytes) -> bytes:
        """The same, marked as compressed, which it is not."""

    async def refuse(self, status: HttpMessage) -> None:
        """Has a gateway answer in the server's place."""

    async def swap(self, swap: Swap) -> None:
        """Lets it change places with another reply."""

    async def write(self, content: bytes) -> None:
        """Writes bytes to the client."""

    async def silence(self) -> None:
        """Lets nothing pass on this connection any more. Never returns."""


class HttpReply:
    """The reply to a request of long-polling."""

    def __init__(self, link: Link, request: HttpMessage, writer: StreamWriter) -> None:
        self._link: Final = link
        self._request: Final = request
        self._writer: Final = writer
        self._response = HttpMessage(b"HTTP/1.1 200 OK", ((b"content-type", b"application/json"),))

    async def fetch(self) -> bytes:
        self._response = await self._link.fetch(self._request)
        return self._response.body

    def wire(self, body: bytes) -> bytes:
        return self._with(body).encode()

    def short(self, body: bytes) -> bytes:
        return self._with(body).encode(length=len(body) // 2)

    def mistyped(self, body: bytes) -> bytes:
        return self._with(body, (b"content-type", b"image/png")).encode()

    def miscompressed(self, body: bytes) -> bytes:
        return self._with(body, (b"content-encoding", b"gzip")).encode()

    def _with(self, body: bytes, header: tuple[bytes, bytes] | None = None) -> HttpMessage:
        headers = self._response.headers
        if header is not None:
            headers = (*(each for each in headers if each[0] != header[0]), header)
        return HttpMessage(self._response.start, headers, body)

    async def refuse(self, status: HttpMessage) -> None:
        await self.write(status.encode())

    async def swap(self, swap: Swap) -> None:
        body = await self.fetch()
        await self.write(self.wire(swap.take(body) if swap.pending else await swap.other(body)))

    async def write(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    async def silence(self) -> None:
        await self._link.silence()


class FrameReply:
    """A frame of the server that carries a reply."""

    def __init__(self, link: Link, frame: Frame, writer: StreamWriter) -> None:
        self._link: Final = link
        self.frame: Final = frame
        self._writer: Final = writer

    async def fetch(self) -> bytes:
        return bytes(self.frame.data)

    def wire(self, body: bytes) -> bytes:
        return text(body)

    def short(self, body: bytes) -> bytes:
        return text(body[: len(body) // 2]) + body[len(body) // 2 :]

    def mistyped(self, body: bytes) -> bytes:
        return text(body, Opcode.BINARY)

    def miscompressed(self, body: bytes) -> bytes:
        return Frame(Opcode.TEXT, body, rsv1=True).serialize(mask=False)

    async def refuse(self, status: HttpMessage) -> None:
        raise LinkEnd(reset=True)

    async def swap(self, swap: Swap) -> None:
        body = await self.fetch()
        if swap.pending:
            await self.write(text(body))
            swap.take(body)
        else:
            _tasks.add(waiting := asyncio.create_task(self._write_after_next(swap, body)))
            waiting.add_done_callback(_tasks.discard)

    async def _write_after_next(self, swap: Swap, body: bytes) -> None:
        await swap.other(body)
        await self.write(text(body))

    async def write(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    async def silence(self) -> None:
        await self._link.silence()
