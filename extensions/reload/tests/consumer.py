"""A process that consumes events with an acknowledged session in a file, and never ends by itself."""

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

# The receiver is there only after the start: what the session brings at once has to wait for it.
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
_PATIENCE: Final = 20.0


class Consumer:
    """The process, after it has subscribed."""

    def __init__(self, child: Child) -> None:
        self._child: Final = child
        self.client_id: Final = child.read_line(_PATIENCE)

    def take(self) -> Any:
        """The data of the next event."""
        return json.loads(self._child.read_line(_PATIENCE))


@contextmanager
def consumer(url: str, file: Path, channel: str = "/orders") -> Iterator[Consumer]:
    """A consumer, until the end of the block kills it."""
    child = Child([sys.executable, "-c", _PROGRAM, url, str(file), channel])
    try:
        yield Consumer(child)
    finally:
        child.kill()
