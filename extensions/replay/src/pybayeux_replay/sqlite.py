"""Positions in a SQLite file, and transactions in which a program writes its own tables in the same file.

What a crash can do. Each `set` is one transaction in a write-ahead log, so a reader finds all of it or nothing,
whenever the process dies. With ``synchronous=NORMAL`` a commit is passed to the operating system without waiting for
the disk. A killed process loses no commit, since the page cache of the system outlives it; a power cut may undo the
last ones. Older positions are still good: the server sends the later events once more. ``FULL`` would cost a wait for
the disk per commit, and would only prevent those repeats. What a program wrote in the same transaction is undone with
the position.

The positions and the dead letters need the standard library only. A program's own transactions are those of SQLAlchemy,
and need the package pybayeux-sql. The statements are in `sqlite_tables.py`.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from pybayeux.errors import UsageError

from .diagnosis import is_permanent_by_type
from .leases import check_lease
from .sqlite_dead_letters import add_dead_letter, delete_dead_letters, read_dead_letters
from .sqlite_leases import CREATE_LEASES, read_lease, release_lease, request_lease
from .sqlite_shards import CREATE_MEMBERS, CREATE_SHARDS, check_shards_held, read_shards, write_shards
from .sqlite_tables import (
    delete_position,
    is_current,
    read_all_positions,
    read_positions,
    upgrade,
    write_positions,
)
from .store import as_positions, check_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from .dead_letters import DeadLetter
    from .leases import Lease, LeaseRequest
    from .position import Position
    from .shards import ShardChanges, ShardTable, ShardTerms
    from .sqlite_tables import Execute
    from .store import Fence

__all__ = ("PRAGMAS", "SqliteStore")

_BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that is writing."""

PRAGMAS: Final = (f"busy_timeout={_BUSY_TIMEOUT * 1000:.0f}", "journal_mode=WAL", "synchronous=NORMAL")
"""The settings of every connection to the file."""

_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_PRIMARY_CODE: Final = 0xFF
_BUSY_PAUSE: Final = 0.01
_AT_ONCE: Final = ("busy_timeout=0", "wal_autocheckpoint=0")
"""The settings of the connection for the event loop: it waits for no other writer, and not for the disk."""
_MOST_AT_ONCE: Final = 256
"""Commits after which one is made in a thread, where the write-ahead log is copied into the file when it is long."""


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
        self._idle: Final[list[sqlite3.Connection]] = []
        self._prompt: Final[list[sqlite3.Connection]] = []
        self._commits_at_once = 0
        self._opening: Final = Lock()
        self._is_upgraded = False

    def __repr__(self) -> str:
        return f"SqliteStore({str(self.path)!r})"

    # -- connections

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection: one that waits, or a new one. `get` and `set` may run in two threads at a time."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        with _lent(connection, self._idle):
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that has the write lock of the file."""
        with self._connection() as connection, _transaction(connection):
            yield connection

    def _connect(self) -> sqlite3.Connection:
        with self._opening:
            self._ensure_folder()
            # Without implicit transactions, which Python's driver starts before some statements only.
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                _set_up(connection)
                self._upgrade(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Create the tables, or add the columns that they lack; positions stay. Only one process does it."""
        if not self._is_upgraded and not is_current(connection.execute):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                upgrade(connection.execute)
                for statement in (CREATE_LEASES, CREATE_MEMBERS, CREATE_SHARDS):
                    connection.execute(statement)
        self._is_upgraded = True

    def _ensure_folder(self) -> None:
        folder = self.path.parent
        if self._makes_folder:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            check_folder(folder, "sqlite")

    # -- positions

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""
        with self._connection() as connection:
            return read_positions(connection.execute, consumer, [subscription]).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription, all or none; a bare replay id is a position stored now."""
        if positions:
            with self._writing() as connection:
                write_positions(connection.execute, consumer, as_positions(positions))

    def fenced_set(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> None:
        """Store what `fence` returns when it is called with the stored positions, all or none.

        Raises:
            LeaseLostError: Another replica has got the lease or one of the shards that are named.
        """
        if not self._prompt and lease is None and shards is None:
            self._open_prompt()
        with self._writing() as connection:
            check_held(connection.execute, consumer, lease, shards)
            _write_chosen(connection.execute, consumer, positions, fence)

    def _open_prompt(self) -> None:
        """Open the connection for the event loop, which `set_at_once` uses."""
        with _lent(self._connect(), self._prompt) as connection:
            for pragma in _AT_ONCE:
                connection.execute(f"PRAGMA {pragma}")

    def set_at_once(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> bool:
        """Store as `fenced_set` does, unless another process is writing; return whether it did.

        A commit writes into the page cache of the system, which takes less than to change to a thread. What may wait
        for the disk happens in a thread: the first commit, which opens the file, and one among many (`_MOST_AT_ONCE`).
        """
        if self._commits_at_once >= _MOST_AT_ONCE:
            self._commits_at_once = 0
            return False
        try:
            connection = self._prompt.pop()  # alone: clients on other event loops may have the same store
        except IndexError:
            return False
        try:
            with _lent(connection, self._prompt), _transaction(connection):
                _write_chosen(connection.execute, consumer, positions, fence)
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                return False
            raise
        self._commits_at_once += 1
        return True

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        with self._writing() as connection:
            delete_position(connection.execute, consumer, subscription)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        with self._connection() as connection:
            return read_all_positions(connection.execute, consumer)

    # -- transactions of a program

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """Return a transaction as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AbstractAsyncContextManager[Any]:
        """Return a transaction on the file, at whose end the positions are stored that `fence` returned at its begin.

        It takes the write lock of the file when it begins, and waits for other writers then. So `fence` sees what no
        other process can change until the end. Its block gets an ``AsyncConnection`` of SQLAlchemy, to write other
        tables of the file with.

        Raises:
            UsageError: The package pybayeux-sql is not installed.
            LeaseLostError: On entry: another replica has got the lease or one of the shards that are named.
        """
        if find_spec("pybayeux_sql") is None:
            raise UsageError("a transaction on a SQLite file needs the package pybayeux-sql: pip install pybayeux-sql")
        from pybayeux_sql.sqlite import sqlite_transaction

        with self._connection():
            pass  # the tables are there from now on
        held = partial(check_held, consumer=consumer, lease=lease, shards=shards)
        return sqlite_transaction(self.path, PRAGMAS, consumer, positions, fence, held)

    # -- dead letters

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter, and count on its attempts if the same event is there; return its number."""
        with self._writing() as connection:
            return add_dead_letter(connection, consumer, letter)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""
        with self._connection() as connection:
            return read_dead_letters(connection, consumer)

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers; numbers that are not there are ignored."""
        with self._writing() as connection:
            delete_dead_letters(connection, consumer, numbers)

    # -- leases

    def request_lease(self, consumer: str, request: LeaseRequest) -> Lease:
        """Give the lease to the replica that asks, if nobody else holds it; return the lease that is stored then."""
        with self._writing() as connection:
            return request_lease(connection.execute, consumer, request)

    def release_lease(self, consumer: str, lease: Lease) -> None:
        """Let the lease expire now, if it is of the same term."""
        with self._writing() as connection:
            release_lease(connection.execute, consumer, lease)

    def lease(self, consumer: str) -> Lease | None:
        """Return the lease of a consumer, or None if there never was one."""
        with self._connection() as connection:
            return read_lease(connection.execute, consumer)

    # -- shards

    def shards(self, consumer: str) -> ShardTable:
        """Return the members and the shards of a consumer."""
        with self._connection() as connection:
            return read_shards(connection.execute, consumer)

    def change_shards(self, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
        """Store what `change` returns when it is called with the table; return the table that is stored then."""
        with self._writing() as connection:
            table = read_shards(connection.execute, consumer)
            changes = change(table)
            write_shards(connection.execute, consumer, changes)
        return table.after(changes)

    def is_permanent(self, error: Exception) -> bool:
        """Whether an error stays: not that of a busy file, a full disk or one that fails, which are waited for."""
        cause = getattr(error, "orig", error)  # SQLAlchemy, which has the transactions, wraps it
        code = getattr(cause, "sqlite_errorcode", None)
        return is_permanent_by_type(error) if code is None else code & _PRIMARY_CODE not in _PASSING

    def close(self) -> None:
        """Close the file. The last process to close it removes its write-ahead log."""
        for connections in (self._prompt, self._idle):
            while connections:
                connections.pop().close()


@contextmanager
def _lent(connection: sqlite3.Connection, idle: list[sqlite3.Connection]) -> Iterator[sqlite3.Connection]:
    """Lend a connection, which is among the idle ones afterwards. After an exception it is closed, which rolls back."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    idle.append(connection)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that has the write lock of the file. After an exception the caller closes the connection."""
    # IMMEDIATE: a transaction that reads first could no longer write after another process has written.
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def _write_chosen(execute: Execute, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
    write_positions(execute, consumer, fence(read_positions(execute, consumer, positions)))


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY


def _set_up(connection: sqlite3.Connection) -> None:
    """Set a connection up. The first one to a file changes its journal; others that come then wait, as for a writer.

    SQLite's own wait, the busy timeout, does not hold for that.
    """
    deadline = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return


def check_held(execute: Execute, consumer: str, lease: Lease | None, shards: ShardTerms | None) -> None:
    """Check, in the transaction of a commit, that a lease and shards are held, as far as they are named.

    Raises:
        LeaseLostError: Another replica has got one of them.
    """
    check_lease(consumer, lease, None if lease is None else read_lease(execute, consumer))
    check_shards_held(execute, consumer, shards)
