"""`ForwardProxy`: an HTTP proxy as in companies' networks, that notes what it is asked for.

Knows requests with an absolute address and ``CONNECT``; one request on each connection, with everything after it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from types import TracebackType

__all__ = ("ForwardProxy",)


class ForwardProxy:
    """Listens on a free port of this machine while its block runs.

    Attributes:
        asked: The method and the target of every request.
    """

    def __init__(self) -> None:
        self.asked: Final[list[tuple[str, str]]] = []
        self._links: Final[set[asyncio.Task[None]]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for link in tuple(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        await self._server.wait_closed()

    def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = asyncio.ensure_future(self._serve(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n")).decode("latin-1").split()
            self.asked.append((head[0], head[1]))
            target = urlsplit(head[1] if "://" in head[1] else f"//{head[1]}")
            far_reader, far = await asyncio.open_connection(target.hostname, target.port)
            try:
                place = urlunsplit(("", "", target.path, target.query, ""))
                await self._begin(head, place, reader, writer, far)
                await asyncio.gather(_pump(reader, far), _pump(far_reader, writer))
            finally:
                far.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        finally:
            with suppress(OSError):
                await writer.drain()
            writer.close()

    async def _begin(
        self, head: list[str], place: str, reader: StreamReader, writer: StreamWriter, far: StreamWriter
    ) -> None:
        if head[0] == "CONNECT":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far.write(f"{head[0]} {place} {head[2]}\r\nConnection: close\r\n".encode())


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
