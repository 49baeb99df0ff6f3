"""Positions in PostgreSQL, and transactions in which a program writes its own tables in the same database.

Owns the connections: some for the threads in which replay stores positions, and some for each event loop in which a
program has transactions. A connection that the server has closed, as in a restart, is replaced when it is next used.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from pybayeux_replay.diagnosis import is_permanent_by_type, is_unknown_host
from pybayeux_replay.store import as_positions

from .postgres_dead_letters import add_dead_letter, delete_dead_letters, read_dead_letters
from .postgres_leases import check_held, read_lease, release_lease, request_lease
from .postgres_positions import (
    delete_position,
    read_all_positions,
    read_positions,
    write_fenced,
    write_positions,
)
from .postgres_schema import migrate
from .postgres_shards import change_shards, check_shards_held, read_shards

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from pybayeux_replay import (
        DeadLetter,
        Fence,
        Lease,
        LeaseRequest,
        Position,
        ShardChanges,
        ShardTable,
        ShardTerms,
    )

__all__ = ("PostgresStore",)

_DRIVER: Final = "postgresql+psycopg"

_CONNECT: Final = {"connect_timeout": "5", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3"}
"""Parameters of a connection, unless the name of the store has others: a network that is cut is noticed within 15
seconds."""

_PASSING: Final = {"08", "25", "40", "53", "55", "57", "58", "XX"}
"""The classes of SQLSTATE that pass: connections, conflicts, resources, an operator who intervenes, the system."""

_REFUSALS: Final = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "certificate",
    "does not support SSL",
)
"""What the reasons contain for which a server, or libpq, refuses a connection whenever it is tried."""


class PostgresStore:
    """Keeps positions in a PostgreSQL database, for programs on many machines.

    Its tables (``replay_...``) are created, and those of an earlier version migrated, when it is first used.

    Args:
        name: ``postgresql://user:password@host:5432/database``, with any parameters of libpq, such as
            ``?sslmode=verify-full&sslrootcert=ca.pem``. What it leaves out comes from libpq's environment variables
            (``PGHOST``, ``PGPASSFILE``).

    Attributes:
        url: The URL for SQLAlchemy.
        name: The name without the password and the parameters.

    Raises:
        ValueError: The name is not of this form.
    """

    blocking: Final = True

    def __init__(self, name: str) -> None:
        try:
            url = make_url(name)
        except (ArgumentError, ValueError):
            raise ValueError("store: expected a name such as 'postgresql://user@host:5432/database'") from None
        self.url: Final = url.set(drivername=_DRIVER).update_query_dict(
            {key: value for key, value in _CONNECT.items() if key not in url.query}
        )
        self.name: Final = url.set(query={}).render_as_string(hide_password=True)
        self._of_loops: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncEngine]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"PostgresStore({self.name!r})"

    # -- connections

    @property
    def _options(self) -> dict[str, Any]:
        return {"isolation_level": "READ COMMITTED", "pool_pre_ping": True, "hide_parameters": True}

    @cached_property
    def _engine(self) -> Engine:
        engine = create_engine(self.url, **self._options)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _async_engine(self) -> AsyncEngine:
        # The connections of a pool belong to one event loop.
        loop = asyncio.get_running_loop()
        engine = self._of_loops.get(loop)
        if engine is None:
            engine = self._of_loops[loop] = create_async_engine(self.url, **self._options)
        return engine

    # -- positions

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""
        with self._engine.connect() as connection:
            return read_positions(connection, consumer, [subscription]).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription, all or none; a bare replay id is a position stored now."""
        with self._engine.begin() as connection:
            write_positions(connection, consumer, as_positions(positions))

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
        with self._engine.begin() as connection:
            check_held(connection, consumer, lease)
            check_shards_held(connection, consumer, shards)
            write_fenced(connection, consumer, positions, fence)

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        with self._engine.begin() as connection:
            delete_position(connection, consumer, subscription)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        with self._engine.connect() as connection:
            return read_all_positions(connection, consumer)

    # -- transactions of a program

    def transaction(
        self, consumer: str, positions: Mapping[str, Position]
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a transaction as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AsyncIterator[AsyncConnection]:
        """Run a transaction of the database in which the positions are stored that `fence` returns at its beginning.

        From then on no other process changes the positions of these subscriptions, and no other replica gets the lease
        or the shards that are named, until the end. With one of them, the block may wait no longer than the lease lasts
        between two statements.

        Yields:
            A connection of SQLAlchemy, to write other tables of the database with.

        Raises:
            LeaseLostError: Another replica has got the lease or one of the shards that are named.
        """
        if "_engine" not in self.__dict__:
            await asyncio.to_thread(lambda: self._engine)  # creates and migrates the tables
        async with self._async_engine().begin() as connection:
            await connection.run_sync(check_held, consumer, lease)
            await connection.run_sync(check_shards_held, consumer, shards)
            await connection.run_sync(write_fenced, consumer, positions, fence)
            yield connection

    # -- dead letters

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter, and count on its attempts if the same event is there; return its number."""
        with self._engine.begin() as connection:
            return add_dead_letter(connection, consumer, letter)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""
        with self._engine.connect() as connection:
            return read_dead_letters(connection, consumer)

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers; numbers that are not there are ignored."""
        with self._engine.begin() as connection:
            delete_dead_letters(connection, consumer, numbers)

    # -- leases

    def request_lease(self, consumer: str, request: LeaseRequest) -> Lease:
        """Give the lease to the replica that asks, if nobody else holds it; return the lease that is stored then."""
        with self._engine.begin() as connection:
            return request_lease(connection, consumer, request)

    def release_lease(self, consumer: str, lease: Lease) -> None:
        """Let the lease expire now, if it is of the same term."""
        with self._engine.begin() as connection:
            release_lease(connection, consumer, lease)

    def lease(self, consumer: str) -> Lease | None:
        """Return the lease of a consumer, or None if there never was one."""
        with self._engine.connect() as connection:
            return read_lease(connection, consumer)

    # -- shards

    def shards(self, consumer: str) -> ShardTable:
        """Return the members and the shards of a consumer."""
        with self._engine.connect() as connection:
            return read_shards(connection, consumer)

    def change_shards(self, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
        """Store what `change` returns when it is called with the table; return the table that is stored then."""
        with self._engine.begin() as connection:
            return change_shards(connection, consumer, change)

    # -- the end

    def is_permanent(self, error: Exception) -> bool:
        """Whether an error stays: an unknown host or database, refused credentials, missing rights, a certificate."""
        if not isinstance(error, DBAPIError):
            return is_permanent_by_type(error)
        state = getattr(error.orig, "sqlstate", None)
        if state is not None:
            return state[:2] not in _PASSING
        text = str(error.orig)  # a connection that fails has no SQLSTATE
        return any(words in text for words in _REFUSALS) or (
            self.url.host is not None and is_unknown_host(self.url.host)
        )

    async def aclose(self) -> None:
        """Close the connections that belong to the running event loop."""
        engine = self._of_loops.pop(asyncio.get_running_loop(), None)
        if engine is not None:
            await engine.dispose()

    def close(self) -> None:
        """Close the other connections. The store may be used again."""
        if "_engine" in self.__dict__:
            self._engine.dispose()
