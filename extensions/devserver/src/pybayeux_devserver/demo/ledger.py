"""The ledger: orders in a table of a SQLite file, each written in the transaction that stores its position.

Owns the table. Either an order and its position are written or neither, so however often the listener is killed, no
order is written twice. A client of its own does it, beside the one that handles orders at least once.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from .orders import CHANNEL, Order

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import AsyncClient

__all__ = ("LedgerReader", "replay_options", "write_orders")

_TABLE: Final = "CREATE TABLE IF NOT EXISTS orders (number INTEGER, item TEXT, quantity INTEGER)"
_INSERT: Final = "INSERT INTO orders VALUES (?, ?, ?)"
_MOST: Final = 100
"""Orders in one transaction: after an outage many wait."""


def replay_options(path: Path) -> dict[str, str]:
    """The options of replay for the client that writes the ledger."""
    # To begin again at the earliest order would write orders twice.
    return {"store": f"sqlite:///{path}", "since": "earliest", "on_invalid": "raise"}


async def write_orders(client: AsyncClient) -> None:
    """Write each order, until the client is closed."""
    async with client.subscribe(CHANNEL, type=Order, ack="manual") as events:
        async for event in events:
            batch = [event]
            while events.pending and len(batch) < _MOST:
                batch.append(await anext(events))
            *earlier, last = batch
            async with last.transaction(earlier=earlier) as transaction:  # an AsyncConnection of SQLAlchemy
                await transaction.exec_driver_sql(_TABLE)
                await transaction.exec_driver_sql(_INSERT, [msgspec.structs.astuple(each.data) for each in batch])


class LedgerReader:
    """Reads the ledger while it grows.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._last = 0

    def new(self) -> list[int]:
        """The numbers of the orders that were written since the last call."""
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as database:
            try:
                rows = database.execute("SELECT rowid, number FROM orders WHERE rowid > ?", (self._last,)).fetchall()
            except sqlite3.OperationalError:  # there is no table yet
                return []
        self._last = rows[-1][0] if rows else self._last
        return [number for _, number in rows]
