"""``sqlite:///FILE/TABLE`` as the target of a relay."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import URL

from pybayeux.errors import UsageError
from pybayeux_replay.sqlite import SqliteStore

from .relay_target import TableTarget, split_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import AsyncConnection

    from pybayeux_relay import Record

__all__ = ("sqlite_target",)

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS {table} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    replay_id INTEGER,
    event_id TEXT,
    received_at TEXT NOT NULL,
    key TEXT,
    data TEXT NOT NULL
)
"""
_INSERT: Final = "INSERT INTO {table} (channel, replay_id, event_id, received_at, key, data) VALUES (?, ?, ?, ?, ?, ?)"


def sqlite_target(name: str) -> TableTarget:
    """Return the target ``sqlite:///FILE/TABLE``; a path after four slashes is absolute.

    Raises:
        ValueError: The name is not of this form.
    """
    file, table, parameters = split_name(name)
    path = file.removeprefix("sqlite:///")
    if path == file or not path or parameters:
        raise ValueError("expected a file and a table, such as 'sqlite:///events.db/orders'")
    store = SqliteStore(path)
    return TableTarget(name, store, table, _Sqlite(store.path))


class _Sqlite:
    """SQLite."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self.url: Final = URL.create("sqlite", database=str(path))

    def is_there(self) -> bool:
        """Whether the file is there.

        Raises:
            UsageError: It is not, and cannot be created.
        """
        if self._path.exists():
            return True
        folder = self._path.parent
        if not folder.is_dir():
            raise UsageError(f"no folder {str(folder)!r} (an absolute path has four slashes: sqlite:////var/lib)")
        if not os.access(folder, os.W_OK):
            raise UsageError(f"no right to create a file in {str(folder)!r}")
        return False

    def check_access(self, connection: Connection, table: str | None) -> None:
        """Check that the file may be written.

        Raises:
            UsageError: It may not.
        """
        if not os.access(self._path, os.W_OK):
            raise UsageError(f"no right to write the file {str(self._path)!r}")

    def statements(self, table: str) -> Sequence[str]:
        """Return the statement that creates the table."""
        return [_CREATE.format(table=table)]

    def lock(self, connection: Connection, table: str) -> None:
        """Do nothing: one process at a time writes the file."""

    async def insert(self, connection: AsyncConnection, table: str, records: Sequence[Record]) -> None:
        """Insert rows."""
        rows = [
            (each.channel, each.replay_id, each.event_id, each.received_at.isoformat(), each.key, each.data)
            for each in records
        ]
        # As it is: SQLAlchemy's parameters by name cost more than the insert.
        await connection.exec_driver_sql(_INSERT.format(table=table), rows)

    def refuses(self, error: DBAPIError) -> bool:
        """Return False: errors about values have classes of their own."""
        return False
