"""The servers of the matrix: how each is started, published to, told to forget a session, and restarted.

Events are published by the control path of the server, which no fault touches: it is the healthy second client.
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from tests.servers import cometd as cometd_server
from tests.servers.faye import cometd_node, faye
from tests.servers.server import Server
from tests.servers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("SERVERS", "TIMEOUT", "MatrixServer", "make_server")

TIMEOUT: Final = 4000
"""Milliseconds that a server holds a connect: a few, so that a silent fault at a connect can be met at all."""


def _devserver(**options: int) -> Server:
    command = (sys.executable, "-m", "benchmarks.reliability.devserver")
    return Server("devserver", version("pybayeux-devserver"), "/cometd", command, options)


SERVERS: Final[dict[str, Callable[..., Server]]] = {
    "CometD": cometd_server.cometd,
    "Faye": faye,
    "cometd-nodejs": cometd_node,
    "devserver": _devserver,
}
"""What makes each server."""


def make_server(name: str) -> MatrixServer:
    """A server that is not started yet: ``CometD``, ``Faye``, ``cometd-nodejs`` or ``devserver``."""
    # CometD takes a new session of a client for a second window of one browser while the lost one lives, and then has
    # it poll every two seconds only.
    more = {"maxSessionsPerBrowser": -1} if name == "CometD" else {}
    server = SERVERS[name](timeout=TIMEOUT, **more)
    return (_DevServer if name == "devserver" else MatrixServer)(name, server)


class MatrixServer:
    """A server with its control path.

    Args:
        name: What it is called in the tables.
        server: The process.
    """

    def __init__(self, name: str, server: Server) -> None:
        self.name: Final = name
        self.server: Final = server
        self._http: aiohttp.ClientSession | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    @property
    def path(self) -> str:
        """The path of its Bayeux endpoint."""
        return self.server.path

    async def start(self) -> None:
        """Starts it, on the same port each time."""
        await asyncio.to_thread(self.server.start)

    async def stop(self) -> None:
        """Stops it."""
        if self._http is not None:
            await self._http.close()
        await asyncio.to_thread(self.server.stop)

    async def restart(self, pause: float) -> None:
        """Kills it, and starts it again after `pause` seconds; returns when it serves another client again."""
        await asyncio.to_thread(self.server.kill)
        await asyncio.sleep(pause)
        await self.start()
        # A Java server that has just started takes seconds for its first requests, whose client is not to blame.
        await asyncio.to_thread(self._shake_hands)

    def _shake_hands(self) -> None:
        with Wire(self.server.url) as wire:
            wire.handshake()

    async def publish(self, channel: str, data: Any) -> None:
        """Publishes an event.

        Raises:
            aiohttp.ClientError: The server is not there.
        """
        await self._post("send", {"channel": channel}, data)

    async def drop(self, client_id: str) -> None:
        """Forgets a session, without a word to its client."""
        await self._post("drop", {"session": client_id}, None)

    async def _post(self, operation: str, query: dict[str, str], body: Any) -> None:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        url = f"http://127.0.0.1:{self.port}/control/{operation}"
        async with self._http.post(url, params=query, json=body) as answer:
            answer.raise_for_status()
            await answer.read()


class _DevServer(MatrixServer):
    """The development server. A restart keeps its replay log: as with Salesforce, events outlive the sessions."""

    async def restart(self, pause: float) -> None:
        await self._post("restart", {}, {"pause": pause})
        await asyncio.sleep(pause)
        await self._listening()

    async def _listening(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return

    async def publish(self, channel: str, data: Any) -> None:
        await self._post("publish", {}, {"channel": channel, "data": data})

    async def drop(self, client_id: str) -> None:
        await self._post("faults/drop_sessions", {}, {"client_id": client_id})
