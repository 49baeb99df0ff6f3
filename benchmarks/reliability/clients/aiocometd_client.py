"""aiocometd-ng as a client of the matrix, driven by JSON lines.

    python -m benchmarks.reliability.clients.aiocometd_client

As its documentation recommends: `open`, `subscribe`, then a loop over the client, which is its way to tell of failures.
But without its limit for a lost connection, of 10 seconds by default: on Python 3.10 and later that ends the client at
once, with the failure of a call that no longer exists.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiocometd_ng.client import Client
from aiocometd_ng.constants import ConnectionType
from aiocometd_ng.exceptions import AiocometdException

from benchmarks.reliability.clients.lines import read_commands, tell

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Program:
    """One client."""

    def __init__(self) -> None:
        self._client: Any = None
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def start(self, url: str, transport: str) -> None:
        """Starts the client in the background."""
        self._client = Client(url, ConnectionType(transport), connection_timeout=None)  # type: ignore[arg-type]
        self._run(self._receive())

    async def _receive(self) -> None:
        try:
            await self._client.open()
            tell("up")
            async for message in self._client:
                tell("message", channel=message["channel"], data=message["data"])
        except AiocometdException as error:
            tell("ended", error=f"{type(error).__name__}: {error}")

    def subscribe(self, channel: str) -> None:
        """Subscribes in the background."""
        self._run(self._call("subscribed", self._client.subscribe(channel), channel=channel))

    def publish(self, channel: str, data: Any) -> None:
        """Publishes in the background."""
        self._run(self._call("published", self._client.publish(channel, data), data=data))

    async def _call(self, event: str, call: Coroutine[Any, Any, Any], **details: Any) -> None:
        try:
            await call
        except AiocometdException as error:
            tell(event, successful=False, error=f"{type(error).__name__}: {error}", **details)
        else:
            tell(event, successful=True, **details)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)


async def main() -> None:
    """Carries out commands until standard input ends."""
    program = Program()
    async for name, arguments in read_commands():
        getattr(program, name)(**arguments)


if __name__ == "__main__":
    asyncio.run(main())
