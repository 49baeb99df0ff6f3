"""A heartbeat notices what a held connect hides, on each transport: a dropped session and a connection that is dead."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from pybayeux import AsyncClient, ConnectionState
from pybayeux.errors import UsageError
from pybayeux_devserver import DevServer
from tests.support.loops import in_loop

TRANSPORTS = pytest.mark.parametrize("transport", ["long-polling", "callback-polling", "websocket"])


class Relay:
    """Passes bytes on between client and server, until it turns silent: what comes is swallowed, no connection ends."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port
        self.is_silent = False
        self.connections = 0

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._links: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    @property
    def url(self) -> str:
        port: int = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/cometd"

    def hang(self) -> None:
        """The connections that there are turn silent; new ones work."""
        self.is_silent = True
        self._dead = self.connections

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(asyncio.ensure_future(self._pass(reader, writer)))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        onward, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._copy(number, reader, back), self._copy(number, onward, writer))
        finally:
            writer.transport.abort()
            back.transport.abort()

    async def _copy(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if not (self.is_silent and number <= self._dead):
                    writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


@TRANSPORTS
@in_loop
async def test_it_notices_connections_that_are_dead(transport: str) -> None:
    async with DevServer(timeout=60.0) as server, Relay(server.url) as relay:
        client = AsyncClient(relay.url, transports=[transport], discover=False, heartbeat=1.0)
        async with client, client.subscribe("/a") as events:
            await client.publish("/a", 1)
            assert (await anext(events)).data == 1
            relay.hang()
            async with asyncio.timeout(15):
                await client.wait_for(ConnectionState.UNCONNECTED)
                await client.wait_for(ConnectionState.CONNECTED)
                await client.publish("/a", 2)
                assert (await anext(events)).data == 2


@TRANSPORTS
@in_loop
async def test_connects_are_answered_at_its_pace(transport: str) -> None:
    async with DevServer(timeout=60.0) as server:
        client = AsyncClient(server.url, transports=[transport], discover=False, heartbeat=1.0)
        answered = asyncio.Semaphore(0)
        client.listen("/meta/connect", lambda reply: answered.release())
        async with client, asyncio.timeout(15):
            for _ in range(3):
                await answered.acquire()
            assert client.state is ConnectionState.CONNECTED


@pytest.mark.parametrize("heartbeat", [0, -1, 0.5])
def test_a_heartbeat_that_is_too_short_is_refused(heartbeat: float) -> None:
    with pytest.raises(UsageError, match="heartbeat"):
        AsyncClient("http://localhost/cometd", discover=False, heartbeat=heartbeat)
