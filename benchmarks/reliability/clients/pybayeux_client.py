"""pybayeux as a client of the matrix, driven by JSON lines, with its extensions ack and replay.

    python -m benchmarks.reliability.clients.pybayeux_client

Commands are `start`, `subscribe`, `publish` and `stop`; after `stop` a new `start` may follow, with another client.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from benchmarks.reliability.clients.lines import read_commands, tell
from pybayeux import AsyncClient, BayeuxError, ConnectionState, hookimpl
from pybayeux_ack import Ack
from pybayeux_replay import Replay

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pybayeux import Message


class End:
    """Tells when the client gives up."""

    def __init__(self) -> None:
        self.expected = False

    @hookimpl
    def state_changed(self, new: ConnectionState, client: AsyncClient) -> None:
        if new is ConnectionState.DISCONNECTED and not self.expected:
            tell("ended", error=str(client.health.error))


class Program:
    """One client after the other."""

    def __init__(self) -> None:
        self._client: AsyncClient | None = None
        self._end = End()
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def start(self, url: str, transport: str, heartbeat: float | None = None) -> None:
        """Starts a client in the background."""
        self._end = End()
        self._client = AsyncClient(
            url,
            transports=[transport],
            extensions=[Ack(), Replay(), self._end],
            discover=False,
            heartbeat=heartbeat,
        )
        self._run(self._connect(self._client))

    async def _connect(self, client: AsyncClient) -> None:
        try:
            await client.start()
        except BayeuxError as error:
            tell("ended", error=str(error))
        else:
            tell("up")

    def subscribe(self, channel: str) -> None:
        """Subscribes in the background."""
        assert self._client is not None
        self._run(self._subscribe(self._client, channel))

    async def _subscribe(self, client: AsyncClient, channel: str) -> None:
        try:
            await client.subscribe(channel, _receive)
        except BayeuxError as error:
            tell("subscribed", channel=channel, successful=False, error=str(error))
        else:
            tell("subscribed", channel=channel, successful=True)

    def publish(self, channel: str, data: Any) -> None:
        """Publishes in the background."""
        assert self._client is not None
        self._run(self._publish(self._client, channel, data))

    async def _publish(self, client: AsyncClient, channel: str, data: Any) -> None:
        try:
            await client.publish(channel, data)
        except BayeuxError as error:
            tell("published", data=data, successful=False, error=str(error))
        else:
            tell("published", data=data, successful=True)

    def stop(self) -> None:
        """Closes the client in the background."""
        self._run(self._close())

    async def _close(self) -> None:
        client, self._client = self._client, None
        self._end.expected = True
        if client is not None:
            await client.close()
        tell("stopped")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)


def _receive(event: Message) -> None:
    tell("message", channel=event.channel, data=event.data)


async def _warm_up() -> None:
    """Imports what clients import on first use, so that no cell has to wait for it."""
    for transport in ("long-polling", "websocket"):
        client = AsyncClient("http://127.0.0.1:9/cometd", transports=[transport], discover=False)
        with suppress(TimeoutError):
            await client.start(timeout=0.1)


async def main() -> None:
    """Carries out commands until standard input ends."""
    await _warm_up()
    program = Program()
    async for name, arguments in read_commands():
        getattr(program, name)(**arguments)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    asyncio.run(main())
