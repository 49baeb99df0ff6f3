"""Helper: a TLS proxy in front of an org, with its own certificate and a required client certificate."""

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
    """Yield an https URL that forwards to an http one."""
    parts = urlsplit(url)
    connections: set[asyncio.Task[None]] = set()

    async def forward(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def connect(reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            await asyncio.gather(forward(reader, far), forward(far_reader, writer))
        finally:
            for each in (far, writer):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    def accept(reader: StreamReader, writer: StreamWriter) -> None:
        connection = asyncio.ensure_future(connect(reader, writer))
        connections.add(connection)
        connection.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*connections, return_exceptions=True), 5)
        await server.wait_closed()
