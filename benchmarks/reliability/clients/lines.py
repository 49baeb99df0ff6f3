"""The line protocol between the matrix and a client program: JSON commands in, JSON events out.

In: ``{"op": "subscribe", "channel": "/a"}``. Out: ``{"event": "message", "channel": "/a", "data": ...}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("read_commands", "tell")


def tell(event: str, **details: Any) -> None:
    """Writes one event."""
    print(json.dumps({"event": event, **details}), flush=True)


async def read_commands() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The commands of standard input: name and arguments."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell("ready")
    while line := await reader.readline():
        command = json.loads(line)
        yield command.pop("op"), command
