"""Positions in a SQLite file, and transactions in which other tables of the file take part.

What a crash can do. Each `set` is one transaction of a write-ahead log, so that a reader finds all of it or nothing of
it, whenever the process dies. ``synchronous=NORMAL`` hands a commit to the operating system without waiting for the
disk: a killed process loses no commit, since the system's page cache outlives it, and a power cut at most takes back
the last ones. Older positions are good positions: the server sends what came after them once more. ``FULL`` would cost
a wait for the disk per commit and protect from nothing but those repeats. What others wrote in the same transaction is
taken back with it.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    MetaData,
    Text,
    create_engine,
    delete,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL

from .folder import check_folder
from .position import Position
from .store import as_positions

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Mapping

    from sqlalchemy import Connection, Engine, Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

__all__ = ("SqliteStore",)

_PATIENCE_MS: Final = 5000
"""How long to wait for another process that writes."""

_table: Final = SqlTable(
    "replay_position",
    MetaData(),
    Column("consumer", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("replay_id", BigInteger, nullable=False),
    Column("stored_at", Float, nullable=False, comment="seconds since 1970, UTC"),
    # Later than the others: files of before get them when they are opened.
    Column("event_time", Float, comment="seconds since 1970, UTC"),
    Column("event_uuid", Text),
    Column("org", Text),
    Column("quiet_until", Float, comment="seconds since 1970, UTC"),
)
_KEY: Final = (_table.c.consumer, _table.c.subscription)
_insert: Final = insert(_table)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=list(_KEY),
    set_={column.name: _insert.excluded[column.name] for column in _table.c if column not in set(_KEY)},
)


class SqliteStore:
    """Keeps positions in a file: over restarts and crashes.

    Several consumers, in several processes, may share one file on a local disk. A file of an earlier version is
    upgraded when it is opened.

    Args:
        path: The file; it is made where there is none.
        makes_folder: Whether its folder is made, too.
    """

    blocking: Final = True

    def __init__(self, path: str | os.PathLike[str], *, makes_folder: bool = False) -> None:
        self.path: Final = Path(path).expanduser()
        self._makes_folder: Final = makes_folder

    def __repr__(self) -> str:
        return f"SqliteStore({str(self.path)!r})"

    @cached_property
    def _engine(self) -> Engine:
        self._ensure_folder()
        engine = create_engine(self._url("sqlite"))
        event.listen(engine, "connect", _prepare)
        if not _is_current(engine):
            _upgrade(engine)
        return engine

    @cached_property
    def _async_engine(self) -> AsyncEngine:
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool

        # No pool: its connections would belong to one event loop, and somebody would have to close them there.
        engine = create_async_engine(self._url("sqlite+aiosqlite"), poolclass=NullPool)
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "connect", _leave_transactions_alone)
        event.listen(engine.sync_engine, "begin", _begin_to_write)
        return engine

    def _url(self, driver: str) -> URL:
        return URL.create(driver, database=str(self.path))

    def _ensure_folder(self) -> None:
        folder = self.path.parent
        if self._makes_folder:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            check_folder(folder, "sqlite")

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""
        wanted = select(_table).where(_table.c.consumer == consumer, _table.c.subscription == subscription)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _position(row)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Keep these positions by subscription, all of them or none; a replay id alone is a position of this moment."""
        if positions:
            with self._engine.begin() as connection:
                connection.execute(_upsert, _rows(consumer, as_positions(positions)))

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position."""
        unwanted = delete(_table).where(_table.c.consumer == consumer, _table.c.subscription == subscription)
        with self._engine.begin() as connection:
            connection.execute(unwanted)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""
        wanted = select(_table).where(_table.c.consumer == consumer).order_by(_table.c.subscription)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return {row.subscription: _position(row) for row in rows}

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[AsyncConnection]:
        """A transaction on the file, at whose end these positions are kept.

        It begins by taking the file's one right to write, waiting for other writers.

        Gives:
            A connection of SQLAlchemy, on which other tables of the file are written.
        """
        self._engine  # noqa: B018 - makes and upgrades the table
        async with self._async_engine.begin() as connection:
            yield connection
            if positions:
                await connection.execute(_upsert, _rows(consumer, positions))

    def close(self) -> None:
        """Close the file; the last to close it takes its log away."""
        if "_engine" in self.__dict__:
            self._engine.dispose()


def _rows(consumer: str, positions: Mapping[str, Position]) -> list[dict[str, Any]]:
    return [
        {
            "consumer": consumer,
            "subscription": subscription,
            "replay_id": each.replay_id,
            "stored_at": each.stored_at.timestamp(),
            "event_time": _seconds(each.event_time),
            "event_uuid": each.event_uuid,
            "org": each.org,
            "quiet_until": _seconds(each.quiet_until),
        }
        for subscription, each in positions.items()
    ]


def _position(row: Row[Any]) -> Position:
    return Position(
        row.replay_id,
        datetime.fromtimestamp(row.stored_at, UTC),
        _moment(row.event_time),
        row.event_uuid,
        row.org,
        _moment(row.quiet_until),
    )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _missing(connection: Connection) -> list[Column[Any]] | None:
    """The columns that a table of an earlier version lacks; None where there is no table."""
    tables = inspect(connection)
    if not tables.has_table(_table.name):
        return None
    present = {column["name"] for column in tables.get_columns(_table.name)}
    return [column for column in _table.c if column.name not in present]


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        return _missing(connection) == []


def _upgrade(engine: Engine) -> None:
    """Make the table, or add what one of an earlier version lacks; its positions stay. One process does it."""
    with engine.begin() as connection:
        _begin_to_write(connection)
        missing = _missing(connection)
        if missing is None:
            _table.create(connection)
        for column in missing or ():
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE {_table.name} ADD COLUMN {column.name} {kind}"))


def _prepare(connection: Any, _: object) -> None:
    for pragma in (f"busy_timeout={_PATIENCE_MS}", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _leave_transactions_alone(connection: Any, _: object) -> None:
    # Python's driver begins transactions where it thinks best, and leaves reads and CREATE TABLE out of them.
    connection.isolation_level = None


def _begin_to_write(connection: Connection) -> None:
    # At once: a transaction that reads first could not write any more once somebody else has written.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
