"""`LocalServer`: a server of bare connections on this machine, for what no framework lets a test send.

Owns the connections and their end. What is said on them is up to its subclasses.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from types import TracebackType

__all__ = ("LocalServer",)


class LocalServer(ABC):
    """Listens on a free port of this machine while its block runs.

    Attributes:
        port: The port, from the first block on; a second block has the same one.
    """

    def __init__(self) -> None:
        self._links: Final[dict[asyncio.Task[None], StreamWriter]] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self.sever()
        await self._server.wait_closed()

    async def sever(self) -> None:
        """End all connections, whatever is under way on them."""
        links = dict(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        for writer in links.values():
            writer.transport.abort()  # a task that was cancelled before it began has closed nothing

    def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = asyncio.ensure_future(self._serve(reader, writer))
        self._links[link] = writer
        link.add_done_callback(self._links.pop)

    @abstractmethod
    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Talk on a connection, and close it."""
