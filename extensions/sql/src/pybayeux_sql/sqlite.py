"""A program's own transactions on a SQLite file, in which replay stores its positions as well.

The file, its settings and its tables are those of `pybayeux_replay.sqlite`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from pybayeux_replay.sqlite_tables import read_positions, write_positions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from pybayeux_replay import Fence, Position
    from pybayeux_replay.sqlite_tables import Execute

__all__ = ("sqlite_transaction",)


@asynccontextmanager
async def sqlite_transaction(
    path: Path,
    pragmas: Sequence[str],
    consumer: str,
    positions: Mapping[str, Position],
    fence: Fence,
    check_held: Callable[[Execute], None],
) -> AsyncIterator[AsyncConnection]:
    """Run a transaction on a file, at whose end the positions are stored that `fence` returned at its beginning.

    Args:
        path: The file.
        pragmas: The settings of a connection.
        consumer: The consumer.
        positions: The positions by subscription.
        fence: Is called with the stored positions, under the write lock of the file.
        check_held: Raises if a lease is not held that has to be. It is called under the same lock.

    Yields:
        A connection of SQLAlchemy, to write other tables of the file with.
    """
    engine = _engine(path, pragmas)
    async with engine.begin() as connection:
        await connection.run_sync(lambda held: check_held(held.exec_driver_sql))
        chosen = fence(await connection.run_sync(_read, consumer, positions))
        yield connection
        await connection.run_sync(_write, consumer, chosen)


def _engine(path: Path, pragmas: Sequence[str]) -> AsyncEngine:
    # No pool: its connections would belong to one event loop, and would have to be closed there.
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), poolclass=NullPool)
    event.listen(engine.sync_engine, "connect", partial(_prepare, pragmas))
    event.listen(engine.sync_engine, "begin", _begin_to_write)
    return engine


def _prepare(pragmas: Sequence[str], connection: Any, _: object) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").close()
    # By default Python's driver starts a transaction before some statements, but not before reads and CREATE TABLE.
    connection.isolation_level = None


def _begin_to_write(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads first could no longer write after another process has written.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _read(connection: Connection, consumer: str, positions: Mapping[str, Position]) -> dict[str, Position]:
    return read_positions(connection.exec_driver_sql, consumer, positions)


def _write(connection: Connection, consumer: str, positions: Mapping[str, Position]) -> None:
    write_positions(connection.exec_driver_sql, consumer, positions)
