"""A replica that books the orders of its channels, each in the transaction of its position. Tests kill and stop it.

Arguments: the URL of the server, the name of the store, the length of the lease in seconds, and the channels.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pybayeux import AsyncClient, hookimpl
from pybayeux.errors import ConsumerConflictError

BOOK = text("INSERT INTO orders (channel, number) VALUES (:channel, :number)")


class Reporter:
    """Says how many channels this replica has."""

    @hookimpl
    def shards_changed(self, shards: dict[str, Any]) -> None:
        print("holds", len(shards), flush=True)  # noqa: T201


async def main(url: str, store: str, lease: str, *channels: str) -> None:
    """Book orders until killed."""
    replay = {"store": store, "since": "earliest", "consumer": "billing", "lease": float(lease), "shard": True}
    async with (
        AsyncClient(url, options={"replay": replay}, extensions=[Reporter()]) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for channel in channels:
            tasks.create_task(_book_for_ever(client, channel))


async def _book_for_ever(client: AsyncClient, channel: str) -> None:
    while True:
        try:
            await _book(client, channel)
        except (ConsumerConflictError, DBAPIError) as error:
            print("failed", channel, type(error).__name__, flush=True)  # noqa: T201 - another replica has the channel


async def _book(client: AsyncClient, channel: str) -> None:
    async with client.subscribe(channel, ack="manual") as events:
        async for event in events:
            async with event.transaction() as transaction:
                await _write(transaction, channel, event.data["number"])
            print("booked", channel, event.data["number"], flush=True)  # noqa: T201


async def _write(transaction: Any, channel: str, number: int) -> None:
    if hasattr(transaction, "rpush"):
        transaction.rpush(f"orders:{channel}", number)
    else:
        await transaction.execute(BOOK, {"channel": channel, "number": number})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
