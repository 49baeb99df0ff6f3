"""A server with a backlog in a process of its own: ``python -m benchmarks.relay.server EVENTS``."""

from __future__ import annotations

import asyncio
import sys

from pybayeux_devserver import DevServer

CHANNEL = "/orders"


async def main(events: int) -> None:
    """Publish events, say the URL, and serve until standard input ends."""
    async with DevServer(retention=events + 1) as server:
        for number in range(events):
            await server.publish(CHANNEL, {"number": number, "text": "x" * 200})
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
