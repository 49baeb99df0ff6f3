"""A process that consumes events in an acknowledged session, saves it in a file, and runs until it is killed."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.servers.process import Child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("Consumer", "consumer")

# It subscribes only after the start, so the events that the session has at once have to wait for that.
_PROGRAM: Final = """
import asyncio, json, sys
from pybayeux import AsyncClient
from pybayeux_ack import Ack
from pybayeux_reload import Reload

async def main(url, file, channel):
    async with AsyncClient(url, discover=False, extensions=[Ack(), Reload(file)]) as client:
        async with client.subscribe(channel) as events:
            print(client.client_id, flush=True)
            async for event in events:
                print(json.dumps(event.data), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""
_TIMEOUT: Final = 20.0


class Consumer:
    """A running process that has subscribed."""

    def __init__(self, child: Child) -> None:
        self._child: Final = child
        self.client_id: Final = child.read_line(_TIMEOUT)

    def take(self) -> Any:
        """Return the data of the next event."""
        return json.loads(self._child.read_line(_TIMEOUT))


@contextmanager
def consumer(url: str, file: Path, channel: str = "/orders") -> Iterator[Consumer]:
    """Run a consumer, and kill it at the end of the block."""
    child = Child([sys.executable, "-c", _PROGRAM, url, str(file), channel])
    try:
        yield Consumer(child)
    finally:
        child.kill()
