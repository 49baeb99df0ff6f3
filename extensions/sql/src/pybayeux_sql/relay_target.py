"""`TableTarget`: a table as the target of a relay (pybayeux-relay), in SQLite and PostgreSQL.

A record is a row. Rows are numbered in the order in which they were written (``id``). The transaction is that of the
store, which keeps the positions in the same database. Owns what is the same in both; a `Dialect` has what differs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NoSuchTableError
from sqlalchemy.pool import NullPool

from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection

    from pybayeux_relay import Record
    from pybayeux_replay import TransactionalStore

__all__ = ("Dialect", "TableTarget", "split_name")

_COLUMNS: Final = ("channel", "replay_id", "event_id", "received_at", "key", "data")


class Dialect(Protocol):
    """What differs between databases."""

    @property
    def url(self) -> URL:
        """The URL of the database, for SQLAlchemy."""

    def statements(self, table: str) -> Sequence[str]:
        """Return the statements that create the table, whose name is quoted."""

    def lock(self, connection: Connection, table: str) -> None:
        """Let no other replica create a table of this name until the end of the transaction."""

    async def insert(self, connection: AsyncConnection, table: str, records: Sequence[Record]) -> None:
        """Insert rows, in their order."""

    def refuses(self, error: DBAPIError) -> bool:
        """Whether an error of the database that has no class of its own is about what a row has in it."""

    def check_access(self, connection: Connection, table: str | None) -> None:
        """Check that rows can be inserted into a table, or, where there is none, that one can be created.

        Raises:
            UsageError: They cannot.
        """

    def is_there(self) -> bool:
        """Whether the database is there. A connection to it creates it otherwise."""


class TableTarget:
    """A table in which each record is a row. It is created if it is missing.

    Args:
        name: What is shown.
        store: Keeps the positions in the same database.
        table: The name of the table.
        dialect: The kind of database.
    """

    def __init__(self, name: str, store: TransactionalStore, table: str, dialect: Dialect) -> None:
        self.store: Final = store
        self._name: Final = name
        self._table: Final = table
        self._dialect: Final = dialect
        self._quoted: Final = '"' + table.replace('"', '""') + '"'

    def __repr__(self) -> str:
        return self._name

    async def check(self) -> Sequence[str]:
        """See whether rows can be inserted, and change nothing.

        Raises:
            UsageError: They cannot, or the table has other columns.
        """
        return await asyncio.to_thread(self._check)

    def _check(self) -> Sequence[str]:
        if not self._dialect.is_there():
            return [f"{self._name}: the file and the table {self._table} are missing, and will be created"]
        with self._engine().connect() as connection:
            is_there = self._is_there(connection)
            self._dialect.check_access(connection, self._table if is_there else None)
            return [f"{self._name}: the table {self._table} {'is there' if is_there else 'will be created'}"]

    async def prepare(self) -> None:
        """Create the table if it is missing.

        Raises:
            UsageError: It has other columns.
        """
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        with self._engine().begin() as connection:
            if self._is_there(connection):
                return
            self._dialect.lock(connection, self._table)
            if not self._is_there(connection):  # another replica may have been faster
                for statement in self._dialect.statements(self._quoted):
                    connection.execute(text(statement))

    def _engine(self) -> Engine:
        # No pool: it is used once or twice.
        return create_engine(self._dialect.url, poolclass=NullPool, hide_parameters=True)

    def _is_there(self, connection: Connection) -> bool:
        try:
            found = {column["name"] for column in inspect(connection).get_columns(self._table)}
        except NoSuchTableError:
            return False
        if missing := [name for name in _COLUMNS if name not in found]:
            raise UsageError(
                f"{self._name}: the table {self._table} has no column {', '.join(missing)}; name another table, or add "
                f"what a record needs: {', '.join(_COLUMNS)}"
            )
        return True

    async def write(self, transaction: AsyncConnection, records: Sequence[Record]) -> None:
        """Insert a row for each record."""
        await self._dialect.insert(transaction, self._quoted, records)

    def refuses(self, error: Exception) -> bool:
        """Whether an error is about the values of a row."""
        if isinstance(error, DataError | IntegrityError):
            return True
        return isinstance(error, DBAPIError) and not error.connection_invalidated and self._dialect.refuses(error)

    async def aclose(self) -> None:
        """Do nothing: all connections that stay open are those of the store."""


def split_name(name: str) -> tuple[str, str, str]:
    """Return what comes before the table in the name of a target, the table, and the parameters.

    Raises:
        ValueError: No table is named.
    """
    address, question, parameters = name.partition("?")
    database, slash, table = address.rpartition("/")
    if not slash or not table or database.endswith("/"):
        raise ValueError(
            "expected a database and a table, such as 'sqlite:///events.db/orders' or "
            "'postgresql://user@host/database/orders'"
        )
    return database, table, question + parameters
