"""Books every order exactly once: `python exactly_once.py http://127.0.0.1:8080/cometd orders.db`.

Kill it at any moment and start it again. The order and the position of its event are written in one transaction of one
file, so that there are both or neither: an order whose position is not there comes again, and was not booked.
"""

import asyncio
import sys

from sqlalchemy import text

from pybayeux import AsyncClient

TABLE = text("CREATE TABLE IF NOT EXISTS orders (number INTEGER, item TEXT)")
BOOK = text("INSERT INTO orders VALUES (:number, :item)")


async def main(url: str, file: str) -> None:
    """Book orders until killed."""
    replay = {"store": f"sqlite:///{file}", "since": "earliest"}
    async with (
        AsyncClient(url, options={"replay": replay}) as client,
        client.subscribe("/orders", ack="manual") as events,
    ):
        async for event in events:
            order = {"number": event.data["number"], "item": event.data["item"]}
            async with event.transaction() as transaction:  # an AsyncConnection of SQLAlchemy, on the same file
                await transaction.execute(TABLE)
                await transaction.execute(BOOK, order)
            print("booked", order["number"])  # and the event is acknowledged


asyncio.run(main(*sys.argv[1:]))
