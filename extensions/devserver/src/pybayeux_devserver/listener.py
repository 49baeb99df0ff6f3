"""The sockets of a server: listening, stopping at once, and cutting single connections.

Owns uvicorn's protocol objects, inside an event loop that is somebody else's: no signal is caught, no logging is
configured, and stopping waits for nobody. That is why this is not `uvicorn.Server`, which takes a process for itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ("Listener", "Sockets")


class Sockets:
    """The connections that are open."""

    def __init__(self) -> None:
        self.state: Final = ServerState()

    def of(self, client: tuple[str, int] | None) -> asyncio.Transport:
        """The connection from a client's address.

        Raises:
            ConnectionError: There is none, as where the application runs without a socket.
        """
        for connection in self.state.connections:
            if isinstance(connection, H11Protocol) and connection.client == client:
                return connection.transport
        raise ConnectionError(f"no open connection from {client}")

    def cut_all(self) -> None:
        """Close every connection without another byte."""
        for connection in tuple(self.state.connections):
            connection.transport.abort()


class Listener:
    """Serves an application on one address.

    Args:
        app: The application.
        sockets: Where its connections are kept.
        host: The address or name to listen on.
        port: The port; 0 takes a free one, and keeps it over restarts.
    """

    def __init__(self, app: ASGIApp, sockets: Sockets, *, host: str, port: int) -> None:
        self._sockets: Final = sockets
        self._config: Final = Config(
            app, http=H11Protocol, ws="none", lifespan="off", log_config=None, proxy_headers=False
        )
        self._server: asyncio.Server | None = None
        self.host: Final = host
        self.port = port

    async def start(self) -> None:
        """Begin to accept connections.

        Raises:
            OSError: The address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections, cut those that are open and see their requests end."""
        if self._server is None:
            return
        self._server.close()
        self._sockets.cut_all()
        if self._sockets.state.tasks:
            await asyncio.wait(self._sockets.state.tasks)
        await self._server.wait_closed()
        self._server = None

    def _connection(self) -> H11Protocol:
        protocol = H11Protocol(self._config, self._sockets.state, {})
        # The recorder knows every request; a program that logs at INFO is not to hear of each.
        protocol.access_log = False
        return protocol
