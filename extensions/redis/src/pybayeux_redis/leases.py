"""Leases in Redis. The clock is the server's.

Who holds a lease is under one key, and until when under another. A commit watches the first alone, which changes only
when another replica gets the lease: a holder renews while a transaction of its own is open.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import redis

from pybayeux_replay import Lease
from pybayeux_replay.leases import check_lease

if TYPE_CHECKING:
    from pybayeux_replay import LeaseRequest

    from .keys import Keys

__all__ = ("check_held", "read_lease", "release_lease", "request_lease", "server_time")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Term(msgspec.Struct, frozen=True):
    """Who holds a lease, with its number, and since when."""

    holder: str
    number: int
    since: datetime


class _Renewal(msgspec.Struct, frozen=True):
    """Until when a lease is held, and how many events waited when it was renewed."""

    expires_at: datetime
    waiting: int


_terms: Final = msgspec.json.Decoder(_Term)
_renewals: Final = msgspec.json.Decoder(_Renewal)


def read_lease(client: Any, keys: Keys) -> Lease | None:
    """Return the lease of a consumer."""
    term, renewal = client.mget(keys.lease_term, keys.lease_renewal)
    if term is None or renewal is None:
        return None
    held, renewed, now = _terms.decode(term), _renewals.decode(renewal), server_time(client)
    return Lease(held.holder, held.number, held.since, renewed.expires_at, now, renewed.waiting)


def server_time(client: Any) -> datetime:
    """Return the time of the server's clock."""
    seconds, microseconds = client.time()
    return _EPOCH + timedelta(seconds=seconds, microseconds=microseconds)


def check_held(pipe: Any, keys: Keys, consumer: str, lease: Lease | None) -> None:
    """Check that a lease is held, and have the transaction that follows refused if it is not until then.

    Raises:
        LeaseLostError: It is not held.
    """
    if lease is not None:
        pipe.watch(keys.lease_term)
        check_lease(consumer, lease, read_lease(pipe, keys))


def request_lease(client: Any, keys: Keys, request: LeaseRequest) -> Lease:
    """Give the lease to a replica, or leave it with another one."""
    while True:
        with client.pipeline() as pipe:
            pipe.watch(keys.lease_term, keys.lease_renewal)
            current = read_lease(pipe, keys)
            granted = request.granted(current, server_time(pipe) if current is None else current.read_at)
            if granted is None:
                assert current is not None
                return current
            pipe.multi()
            if not granted.is_same_term(current):
                term = _Term(granted.holder, granted.number, granted.since)
                pipe.set(keys.lease_term, msgspec.json.encode(term))
            pipe.set(keys.lease_renewal, msgspec.json.encode(_Renewal(granted.expires_at, granted.waiting)))
            try:
                pipe.execute()
            except redis.WatchError:
                continue
            return granted


def release_lease(client: Any, keys: Keys, lease: Lease) -> None:
    """Let a lease expire."""
    while True:
        with client.pipeline() as pipe:
            pipe.watch(keys.lease_term, keys.lease_renewal)
            current = read_lease(pipe, keys)
            if current is None or not lease.is_same_term(current):
                return
            pipe.multi()
            pipe.set(keys.lease_renewal, msgspec.json.encode(_Renewal(current.read_at, current.waiting)))
            try:
                pipe.execute()
            except redis.WatchError:
                continue
            return
