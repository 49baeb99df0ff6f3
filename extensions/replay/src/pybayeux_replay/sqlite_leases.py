"""Leases in a SQLite file: their table, for whatever executes the statements, in a transaction of the caller's.

The clock is SQLite's, which is that of the one machine that all processes of a file share.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from .leases import Lease

if TYPE_CHECKING:
    from .leases import LeaseRequest
    from .sqlite_tables import Execute

__all__ = ("CREATE_LEASES", "read_lease", "release_lease", "request_lease")

CREATE_LEASES: Final = """
CREATE TABLE IF NOT EXISTS replay_lease (
    consumer TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    number INTEGER NOT NULL,
    since FLOAT NOT NULL,
    expires_at FLOAT NOT NULL,
    waiting INTEGER NOT NULL
)
"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Julian days, as seconds since 1970.
_SELECT_NOW: Final = "SELECT (julianday('now') - 2440587.5) * 86400.0"
_SELECT: Final = """
SELECT holder, number, since, expires_at, (julianday('now') - 2440587.5) * 86400.0, waiting
FROM replay_lease WHERE consumer = ?
"""
_UPSERT: Final = """
INSERT INTO replay_lease (consumer, holder, number, since, expires_at, waiting) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (consumer) DO UPDATE SET holder = excluded.holder, number = excluded.number, since = excluded.since,
    expires_at = excluded.expires_at, waiting = excluded.waiting
"""
_RELEASE: Final = """
UPDATE replay_lease SET expires_at = (julianday('now') - 2440587.5) * 86400.0
WHERE consumer = ? AND holder = ? AND number = ?
"""


def read_lease(execute: Execute, consumer: str) -> Lease | None:
    """Return the lease of a consumer."""
    for holder, number, since, expires_at, now, waiting in execute(_SELECT, (consumer,)):
        return Lease(holder, number, _moment(since), _moment(expires_at), _moment(now), waiting)
    return None


def request_lease(execute: Execute, consumer: str, request: LeaseRequest) -> Lease:
    """Give the lease to a replica, or leave it with another one."""
    current = read_lease(execute, consumer)
    ((now,),) = execute(_SELECT_NOW)
    granted = request.granted(current, _moment(now) if current is None else current.read_at)
    if granted is None:
        assert current is not None
        return current
    times = (granted.since, granted.expires_at)
    seconds = ((each - _EPOCH) / timedelta(seconds=1) for each in times)
    execute(_UPSERT, (consumer, granted.holder, granted.number, *seconds, granted.waiting))
    return granted


def release_lease(execute: Execute, consumer: str, lease: Lease) -> None:
    """Let a lease expire."""
    execute(_RELEASE, (consumer, lease.holder, lease.number))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
