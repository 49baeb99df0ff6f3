"""Helper: TLS in front of an org, as a company's gateway has it: a certificate of its own, and one asked of clients."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

__all__ = ("tls_proxy",)


@asynccontextmanager
async def tls_proxy(url: str, context: ssl.SSLContext) -> AsyncIterator[str]:
    """An https address that leads to an http one."""
    parts = urlsplit(url)
    links: set[asyncio.Task[None]] = set()

    async def carry(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def join(reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            await asyncio.gather(carry(reader, far), carry(far_reader, writer))
        finally:
            for each in (far, writer):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    def welcome(reader: StreamReader, writer: StreamWriter) -> None:
        link = asyncio.ensure_future(join(reader, writer))
        links.add(link)
        link.add_done_callback(links.discard)

    server = await asyncio.start_server(welcome, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*links, return_exceptions=True), 5)
        await server.wait_closed()
