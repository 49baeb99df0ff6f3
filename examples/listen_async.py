"""Prints every order: `python listen_async.py http://127.0.0.1:8080/cometd`."""

import asyncio
import sys

from pybayeux import AsyncClient


async def main(url: str) -> None:
    async with AsyncClient(url) as client, client.subscribe("/orders/**") as events:
        async for event in events:
            print(event.channel, event.data)


asyncio.run(main(sys.argv[1]))
