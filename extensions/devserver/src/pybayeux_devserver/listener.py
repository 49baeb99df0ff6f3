"""The sockets of a server: listening, stopping immediately, and cutting single connections.

Owns uvicorn's protocol objects, inside an event loop that belongs to the caller: it handles no signals and configures
no logging, and stopping does not wait for requests. `uvicorn.Server` does all of this, because it owns its process.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState as UvicornState

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .faults.kinds import WebSocketWriter

__all__ = ("Listener", "Sockets")

_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Sockets:
    """The open connections of a server.

    Attributes:
        state: What uvicorn knows of them.
        websockets: The accepted WebSockets among them.
    """

    def __init__(self) -> None:
        self.state: Final = UvicornState()
        self.websockets: Final[set[WebSocketWriter]] = set()

    def of(self, client: tuple[str, int] | None) -> asyncio.Transport:
        """The connection from a client's address.

        Raises:
            ConnectionError: There is none, for example because the application runs without a socket.
        """
        for connection in self.state.connections:
            if isinstance(connection, _PROTOCOLS) and connection.client == client:
                return connection.transport
        raise ConnectionError(f"no open connection from {client}")

    def reset(self, client: tuple[str, int] | None) -> None:
        """Cut the connection from a client's address with a TCP reset, which discards data that was not read yet.

        Raises:
            ConnectionError: There is no connection from this address.
        """
        transport = self.of(client)
        # Closing a socket with a linger time of zero sends a reset instead of a FIN.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()

    def cut_all(self) -> None:
        """Close every connection without sending anything."""
        for connection in tuple(self.state.connections):
            connection.transport.abort()


class _QuietWebSocket(WebSocketsSansIOProtocol):
    """Logs nothing: the recorder has every frame, and the log would contain headers with tokens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _quiet
        self.conn.debug = False


_PROTOCOLS: Final = (H11Protocol, WebSocketsSansIOProtocol)
_quiet: Final = logging.getLogger("pybayeux_devserver.websocket")
_quiet.setLevel(logging.WARNING)


class Listener:
    """Serves an application on one address.

    Args:
        app: The application.
        sockets: The registry of its connections.
        host: The address or name to listen on.
        port: The port. 0 takes a free one and keeps it over restarts.
        deflate: Accept ``permessage-deflate``.
    """

    def __init__(self, app: ASGIApp, sockets: Sockets, *, host: str, port: int, deflate: bool = False) -> None:
        self._sockets: Final = sockets
        self._config: Final = Config(
            app,
            http=H11Protocol,
            ws=_QuietWebSocket,
            ws_ping_interval=None,
            ws_per_message_deflate=deflate,
            lifespan="off",
            log_config=None,
            proxy_headers=False,
        )
        self._server: asyncio.Server | None = None
        self.host: Final = host
        self.port: int = port

    @property
    def origin(self) -> str:
        """The origin for clients on the same machine, such as ``http://127.0.0.1:8080``."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Start accepting connections.

        Raises:
            OSError: The address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections, cut the open ones and wait until their requests have ended."""
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
        # The recorder has every request. A program that logs at INFO should not have each one in its log.
        protocol.access_log = False
        return protocol
