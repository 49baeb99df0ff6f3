"""Leases in PostgreSQL: what is read and written in a transaction of the caller's. The clock is the server's.

Three kinds of lock on a lease's row. A commit takes the weakest, so that no other replica gets the lease before it
ends. To renew the lease takes one that does not conflict with that: a holder renews while a transaction of its own is
open. To give it to another replica takes the strongest, and so waits for the old holder's commit.

A holder that was stopped in the middle of a transaction would keep its lock for ever. So the server ends a transaction
in which nothing happens for as long as the lease lasts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from pybayeux_replay import Lease
from pybayeux_replay.leases import check_lease

from .postgres_schema import leases as _table

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import Connection, Row, Select

    from pybayeux_replay import LeaseRequest

__all__ = ("check_held", "end_if_idle", "read_lease", "release_lease", "request_lease")

_now: Final = func.clock_timestamp()
_select: Final = select(_table, _now.label("read_at")).where(_table.c.consumer == bindparam("consumer"))
_select_for_commit: Final = _select.with_for_update(key_share=True, read=True)
_select_to_take: Final = _select.with_for_update()
_insert: Final = insert(_table)

_LEAST_IDLE_MS: Final = 1000
"""Milliseconds that a transaction may wait between two statements, however short the lease."""

_LOCK_TIMEOUT: Final = "1s"
"""How long to wait for the end of the old holder's commit, before another attempt is made later."""


def read_lease(connection: Connection, consumer: str) -> Lease | None:
    """Return the lease of a consumer."""
    return _read(connection, _select, consumer)


def _read(connection: Connection, query: Select[Any], consumer: str) -> Lease | None:
    row = connection.execute(query, {"consumer": consumer}).one_or_none()
    return None if row is None else _lease(row)


def check_held(connection: Connection, consumer: str, lease: Lease | None) -> None:
    """Check that a lease is held, and have it so until the end of the transaction.

    Raises:
        LeaseLostError: It is not.
    """
    if lease is None:
        return
    end_if_idle(connection, lease.expires_at - lease.read_at)
    check_lease(consumer, lease, _read(connection, _select_for_commit, consumer))


def end_if_idle(connection: Connection, length: timedelta) -> None:
    """Have the server end a transaction in which nothing happens for so long."""
    idle = max(_LEAST_IDLE_MS, round(length.total_seconds() * 1000))
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {idle}"))


def request_lease(connection: Connection, consumer: str, request: LeaseRequest) -> Lease:
    """Give the lease to a replica, or leave it with another one.

    Raises:
        OperationalError: The old holder's commit has not ended in time.
    """
    current = read_lease(connection, consumer)
    if current is not None and current.holder == request.holder:
        if (renewed := _renew(connection, consumer, request)) is not None:
            return renewed
    elif current is not None and not current.is_expired:
        return current
    return _take(connection, consumer, request)


def _renew(connection: Connection, consumer: str, request: LeaseRequest) -> Lease | None:
    """Renew the lease; None if another replica has got it meanwhile."""
    known = update(_table).where(_table.c.consumer == consumer, _table.c.holder == request.holder)
    renewal = known.values(expires_at=_now + request.length, waiting=request.waiting)
    row = connection.execute(renewal.returning(_table, _now.label("read_at"))).one_or_none()
    return None if row is None else _lease(row)


def _take(connection: Connection, consumer: str, request: LeaseRequest) -> Lease:
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
    current = _read(connection, _select_to_take, consumer)
    now: datetime = connection.execute(select(_now)).scalar_one()  # after the wait for the lock
    granted = request.granted(current, now.astimezone(UTC))
    if granted is None:
        assert current is not None
        return current
    row = {
        "holder": granted.holder,
        "number": granted.number,
        "since": granted.since,
        "expires_at": granted.expires_at,
        "waiting": granted.waiting,
    }
    if current is not None:
        connection.execute(update(_table).where(_table.c.consumer == consumer).values(row))
        return granted
    # There was no row to lock: another replica may insert one at the same time.
    connection.execute(_insert.on_conflict_do_nothing(), {"consumer": consumer, **row})
    stored = read_lease(connection, consumer)
    assert stored is not None
    return stored


def release_lease(connection: Connection, consumer: str, lease: Lease) -> None:
    """Let a lease expire."""
    known = update(_table).where(_table.c.consumer == consumer, _table.c.holder == lease.holder)
    connection.execute(known.where(_table.c.number == lease.number).values(expires_at=_now))


def _lease(row: Row[Any]) -> Lease:
    times = (row.since.astimezone(UTC), row.expires_at.astimezone(UTC), row.read_at.astimezone(UTC))
    return Lease(row.holder, row.number, *times, row.waiting)
