"""A replica that books orders, each in the transaction of its position. Tests kill and stop it.

Arguments: the URL of the server, the name of the store, and the length of the lease in seconds.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pybayeux import AsyncClient
from pybayeux.errors import ConsumerConflictError

BOOK = text("INSERT INTO orders (number) VALUES (:number)")


async def main(url: str, store: str, lease: str) -> None:
    """Book orders, or stand by, until killed."""
    replay = {"store": store, "since": "earliest", "consumer": "billing", "lease": float(lease)}
    async with AsyncClient(url, options={"replay": replay}) as client:
        while True:
            try:
                await _book(client)
            except (ConsumerConflictError, DBAPIError) as error:
                print("failed", type(error).__name__, flush=True)  # noqa: T201 - and stand by


async def _book(client: AsyncClient) -> None:
    async with client.subscribe("/orders", ack="manual") as events:
        async for event in events:
            async with event.transaction() as transaction:
                await _write(transaction, event.data["number"])
            print("booked", event.data["number"], flush=True)  # noqa: T201


async def _write(transaction: Any, number: int) -> None:
    if hasattr(transaction, "rpush"):
        transaction.rpush("orders", number)
    else:
        await transaction.execute(BOOK, {"number": number})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
