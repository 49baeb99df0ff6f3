"""`ForwardProxy`: an HTTP proxy as in companies' networks, that notes what it is asked for.

Knows requests with an absolute address and ``CONNECT``; one request on each connection, with everything after it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

__all__ = ("ForwardProxy",)


class ForwardProxy(LocalServer):
    """Listens on a free port of this machine while its block runs.

    Attributes:
        asked: The method and the target of every request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Final[list[tuple[str, str]]] = []

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

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
