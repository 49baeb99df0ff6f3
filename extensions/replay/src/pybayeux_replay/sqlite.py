"""Positions in a SQLite file, and transactions in which a program writes its own tables in the same file.

What a crash can do. Each `set` is one transaction in a write-ahead log, so a reader finds all of it or nothing,
whenever the process dies. With ``synchronous=NORMAL`` a commit is passed to the operating system without waiting for
the disk. A killed process loses no commit, since the page cache of the system outlives it; a power cut may undo the
last ones. Older positions are still good: the server sends the later events once more. ``FULL`` would cost a wait for
the disk per commit, and would only prevent those repeats. What a program wrote in the same transaction is undone with
the position.
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
    bindparam,
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

from .position import Position
from .sqlite_dead_letters import add_dead_letter, delete_dead_letters, read_dead_letters
from .store import as_positions, check_folder

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Connection, Engine, Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from .dead_letters import DeadLetter
    from .store import Fence

__all__ = ("SqliteStore",)

_BUSY_TIMEOUT_MS: Final = 5000
"""Milliseconds to wait for another process that is writing."""

_FEW: Final = 20
"""Up to so many positions are read one by one, and more with all others of the consumer."""

_table: Final = SqlTable(
    "replay_position",
    MetaData(),
    Column("consumer", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("replay_id", BigInteger, nullable=False),
    Column("stored_at", Float, nullable=False, comment="seconds since 1970, UTC"),
    # Added later than the columns above: a file without them gets them when it is opened. Files of earlier versions may
    # have a further column, quiet_until, which is not used.
    Column("event_time", Float, comment="seconds since 1970, UTC"),
    Column("event_uuid", Text),
    Column("org", Text),
)
_KEY: Final = (_table.c.consumer, _table.c.subscription)
_of_consumer: Final = select(_table).where(_table.c.consumer == bindparam("consumer"))
# Prepared: each commit reads the stored positions, and to make a statement takes longer than to run it.
_named: Final = _of_consumer.where(_table.c.subscription == bindparam("subscription"))
_insert: Final = insert(_table)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=list(_KEY),
    set_={column.name: _insert.excluded[column.name] for column in _table.c if column not in set(_KEY)},
)


class SqliteStore:
    """Keeps positions in a SQLite file: over restarts and crashes.

    Several consumers, in several processes, may share one file on a local disk. A file of an earlier version is
    upgraded when it is opened.

    Args:
        path: The file. It is created if it does not exist.
        makes_folder: Whether its folder is created as well.
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

        # No pool: its connections would belong to one event loop, and would have to be closed there.
        engine = create_async_engine(self._url("sqlite+aiosqlite"), poolclass=NullPool)
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "connect", _disable_implicit_transactions)
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
        """Return the position of a subscription, or None."""
        wanted = select(_table).where(_table.c.consumer == consumer, _table.c.subscription == subscription)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _position(row)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription, all or none; a bare replay id is a position stored now."""
        if positions:
            with self._engine.begin() as connection:
                connection.execute(_upsert, _rows(consumer, as_positions(positions)))

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        """Store what `fence` returns when it is called with the stored positions, all or none."""
        with self._engine.begin() as connection:
            _begin_to_write(connection)
            if chosen := fence(_stored(connection, consumer, positions)):
                connection.execute(_upsert, _rows(consumer, chosen))

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        unwanted = delete(_table).where(_table.c.consumer == consumer, _table.c.subscription == subscription)
        with self._engine.begin() as connection:
            connection.execute(unwanted)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        wanted = select(_table).where(_table.c.consumer == consumer).order_by(_table.c.subscription)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return _positions(rows)

    def transaction(
        self, consumer: str, positions: Mapping[str, Position]
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a transaction as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence
    ) -> AsyncIterator[AsyncConnection]:
        """Run a transaction on the file, at whose end the positions are stored that `fence` returned at its beginning.

        It takes the write lock of the file when it begins, and waits for other writers then. So `fence` sees what no
        other process can change until the end.

        Yields:
            A connection of SQLAlchemy, to write other tables of the file with.
        """
        self._engine  # noqa: B018 - creates and upgrades the table
        async with self._async_engine.begin() as connection:
            chosen = fence(await connection.run_sync(_stored, consumer, positions))
            yield connection
            if chosen:
                await connection.execute(_upsert, _rows(consumer, chosen))

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter, and count on its attempts if the same event is there; return its number."""
        with self._engine.begin() as connection:
            _begin_to_write(connection)
            return add_dead_letter(connection, consumer, letter)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""
        with self._engine.connect() as connection:
            return read_dead_letters(connection, consumer)

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers; numbers that are not there are ignored."""
        with self._engine.begin() as connection:
            _begin_to_write(connection)
            delete_dead_letters(connection, consumer, numbers)

    def close(self) -> None:
        """Close the file. The last process to close it removes its write-ahead log."""
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
        }
        for subscription, each in positions.items()
    ]


def _stored(connection: Connection, consumer: str, subscriptions: Collection[str]) -> dict[str, Position]:
    """Read the positions of these subscriptions."""
    if len(subscriptions) <= _FEW:
        queries = [{"consumer": consumer, "subscription": subscription} for subscription in subscriptions]
        return _positions(row for query in queries for row in connection.execute(_named, query))
    rows = connection.execute(_of_consumer, {"consumer": consumer})
    return _positions(row for row in rows if row.subscription in subscriptions)


def _positions(rows: Iterable[Row[Any]]) -> dict[str, Position]:
    return {row.subscription: _position(row) for row in rows}


def _position(row: Row[Any]) -> Position:
    return Position(
        row.replay_id,
        datetime.fromtimestamp(row.stored_at, UTC),
        _moment(row.event_time),
        row.event_uuid,
        row.org,
    )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _missing(connection: Connection) -> list[Column[Any]] | None:
    """Return the columns that a table of an earlier version lacks, or None if there is no table."""
    tables = inspect(connection)
    if not tables.has_table(_table.name):
        return None
    present = {column["name"] for column in tables.get_columns(_table.name)}
    return [column for column in _table.c if column.name not in present]


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        return _missing(connection) == []


def _upgrade(engine: Engine) -> None:
    """Create the table, or add the columns that it lacks; positions stay. Only one process does it."""
    with engine.begin() as connection:
        _begin_to_write(connection)
        missing = _missing(connection)
        if missing is None:
            _table.create(connection)
        for column in missing or ():
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE {_table.name} ADD COLUMN {column.name} {kind}"))


def _prepare(connection: Any, _: object) -> None:
    for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _disable_implicit_transactions(connection: Any, _: object) -> None:
    # By default Python's driver starts a transaction before some statements, but not before reads and CREATE TABLE.
    connection.isolation_level = None


def _begin_to_write(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads first could no longer write after another process has written.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
