"""The databases of the proof: what a replica is told, what is in them, and how they fail."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from pybayeux_relay import open_target
from pybayeux_replay import LeaseStore
from tests.servers.postgresql import PostgresEngine
from tests.servers.redis_engine import RedisEngine
from tests.soak.relay.small_disk import SmallDisk, why_no_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pybayeux_replay import Lease
    from tests.servers.engine import Engine

__all__ = ("DATABASES", "Database", "SqliteDatabase")

TABLE: Final = "orders"
_HERE: Final = "127.0.0.1"


class Database(Protocol):
    """A database that is the target of the replicas.

    Attributes:
        engine: Its process. None: it is a file.
        disk: The disk that it writes to, if it can be made full.
    """

    engine: Engine | None
    disk: SmallDisk | None

    def target(self, host: str, port: int) -> str:
        """Return the name of the target, for a replica that finds the database here."""

    def count(self) -> int:
        """Return how many records there are.

        Raises:
            Exception: The engine's own, if it does not answer.
        """

    def records(self) -> Sequence[tuple[str, int]]:
        """Return channel and number of each record, in order."""

    def refuse_writes(self) -> None:
        """Let it refuse to write anything."""

    def take_writes(self) -> None:
        """Let it write again."""

    def close(self) -> None:
        """End it, and delete its data."""


class LeaseWatch:
    """Reads the lease of the replicas in the database itself, past all links."""

    def __init__(self, name: str) -> None:
        store = open_target(name).store
        assert isinstance(store, LeaseStore)
        self._store: Final = store

    def read(self) -> Lease | None:
        """Return the lease; None if there is none, or if the database does not answer."""
        try:
            return self._store.lease("relay")
        except Exception:  # each engine has its own errors
            return None

    def close(self) -> None:
        """Close the connection."""
        self._store.close()


class PostgresDatabase:
    """A PostgreSQL server. Its tables are on a disk of their own where that can be."""

    def __init__(self) -> None:
        self._postgres: Final = PostgresEngine()
        self.engine: Engine | None = self._postgres
        self.disk: SmallDisk | None = None
        self._postgres.start()
        if why_no_disk() is None:
            folder = self._postgres.folder / "disk"
            folder.mkdir()
            self.disk = SmallDisk(folder)
            shutil.chown(folder, "nobody", "nogroup")
            with self._postgres.connect() as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
                connection.execute("ALTER DATABASE postgres SET default_tablespace = small")

    def target(self, host: str, port: int) -> str:
        return f"postgresql://tests@{host}:{port}/postgres/{TABLE}"

    def count(self) -> int:
        with self._postgres.connect() as connection:
            if connection.execute("SELECT to_regclass('orders')").fetchone() == (None,):
                return 0
            row = connection.execute("SELECT count(*) FROM orders").fetchone()
            return int(row[0]) if row else 0

    def records(self) -> Sequence[tuple[str, int]]:
        with self._postgres.connect() as connection:
            query = "SELECT channel, (data->>'number')::int FROM orders ORDER BY id"
            return [(str(channel), int(number)) for channel, number in connection.execute(query)]

    def refuse_writes(self) -> None:
        self._set("ALTER SYSTEM SET default_transaction_read_only = on")

    def take_writes(self) -> None:
        self._set("ALTER SYSTEM RESET default_transaction_read_only")

    def _set(self, statement: str) -> None:
        with self._postgres.connect() as connection:
            connection.execute(statement.encode())
            connection.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        self._postgres.stop()
        if self.disk is not None:
            self.disk.close()
        self._postgres.close()


class RedisDatabase:
    """A Redis server that writes each change into its log, on a disk of its own where that can be."""

    def __init__(self) -> None:
        self._redis: Final = RedisEngine()
        self.engine: Engine | None = self._redis
        self.disk: SmallDisk | None = SmallDisk(self._redis.folder) if why_no_disk() is None else None
        self._redis.start()

    def target(self, host: str, port: int) -> str:
        return f"redis://{host}:{port}/0/{TABLE}"

    def count(self) -> int:
        with self._redis.connect() as connected:
            client: Any = connected
            return int(client.xlen(TABLE))

    def records(self) -> Sequence[tuple[str, int]]:
        with self._redis.connect() as connected:
            client: Any = connected
            return [_number(entry[b"channel"].decode(), entry[b"data"]) for _, entry in client.xrange(TABLE)]

    def refuse_writes(self) -> None:
        self._limit_memory(1)

    def take_writes(self) -> None:
        self._limit_memory(0)

    def _limit_memory(self, size: int) -> None:
        with self._redis.connect() as client:
            client.config_set("maxmemory", size)

    def close(self) -> None:
        self._redis.stop()
        if self.disk is not None:
            self.disk.close()
        self._redis.close()


class SqliteDatabase:
    """A file, on a disk of its own where that can be. It refuses writes while another program has locked it."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self._folder: Final = Path(tempfile.mkdtemp(prefix="pybayeux-sqlite-"))
        self.disk: SmallDisk | None = SmallDisk(self._folder) if why_no_disk() is None else None
        self._file: Final = self._folder / "relay.db"
        self._lock: sqlite3.Connection | None = None

    def target(self, host: str, port: int) -> str:
        return f"sqlite:///{self._file}/{TABLE}"

    def count(self) -> int:
        if not self._file.exists():
            return 0
        with closing(self._connect()) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders'").fetchone():
                return 0
            return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])

    def records(self) -> Sequence[tuple[str, int]]:
        with closing(self._connect()) as connection:
            return [_number(*row) for row in connection.execute("SELECT channel, data FROM orders ORDER BY id")]

    def _connect(self) -> sqlite3.Connection:
        # A fault strikes in a thread of its own, and its lock may be taken away in another one.
        return sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)

    def refuse_writes(self) -> None:
        self._lock = self._connect()
        self._lock.execute("BEGIN IMMEDIATE")

    def take_writes(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def close(self) -> None:
        self.take_writes()
        if self.disk is not None:
            self.disk.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _number(channel: str, data: bytes | str) -> tuple[str, int]:
    return channel, int(msgspec.json.decode(data)["number"])


DATABASES: Final[Mapping[str, Callable[[], Database]]] = {
    "sqlite": SqliteDatabase,
    "postgresql": PostgresDatabase,
    "redis": RedisDatabase,
}
"""The targets of the proof, by name."""
