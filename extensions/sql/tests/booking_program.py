"""A program that books orders in PostgreSQL, each in the transaction of its position. Tests kill it.

Arguments: the URL of the server, and the name of the store.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import text

from pybayeux import AsyncClient

BOOK = text("INSERT INTO orders VALUES (:number)")


async def main(url: str, store: str) -> None:
    """Book orders until killed."""
    replay = {"store": store, "since": "earliest"}
    async with (
        AsyncClient(url, options={"replay": replay}) as client,
        client.subscribe("/orders", ack="manual") as events,
    ):
        async for event in events:
            async with event.transaction() as transaction:
                await transaction.execute(BOOK, {"number": event.data["number"]})
            sys.stdout.write(f"booked {event.data['number']}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
