"""Handles orders until SIGTERM comes: `python stop_async.py http://127.0.0.1:8080/cometd`."""

import asyncio
import signal
import sys

from pybayeux import AsyncClient, Message


async def handle(event: Message) -> None:
    print("begun", event.data["number"])
    await asyncio.sleep(0.5)
    print("done", event.data["number"])


async def main(url: str) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with AsyncClient(url) as client:
        await client.subscribe("/orders", handle)
        await stop.wait()


asyncio.run(main(sys.argv[1]))
