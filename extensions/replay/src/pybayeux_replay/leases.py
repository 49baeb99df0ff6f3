"""Leases: of the replicas of one consumer, one holds the lease and is active, and the others stand by.

A lease is a record in the store. The store's clock counts, so the clocks of the replicas may be wrong. Each time the
lease goes to another replica its number grows. Every commit of the holder names the number, and the store refuses a
commit of an older one in the same transaction. So a replica that was paused or cut off writes nothing after another one
has taken over, whatever it believes.

This module has the record and the rule by which it changes. What a store of leases is, is in `store.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import (  # noqa: TC003 - libraries that encode leases look their types up
    datetime,
    timedelta,
)
from typing import Final

from pybayeux.errors import ConsumerConflictError

__all__ = ("Lease", "LeaseLostError", "LeaseRequest", "check_lease")


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may store positions. All times are of the store's clock.

    Attributes:
        holder: The replica that holds it.
        number: The fencing number: it grows each time another replica gets the lease.
        since: Since when this replica holds it.
        expires_at: When another one may take it, unless it is renewed.
        read_at: When it was read.
        waiting: How many events were received and not handled by the holder when it was last renewed.
    """

    holder: str
    number: int
    since: datetime
    expires_at: datetime
    read_at: datetime
    waiting: int = 0

    @property
    def is_expired(self) -> bool:
        """Whether another replica might have taken it when it was read."""
        return self.expires_at <= self.read_at

    def is_same_term(self, other: Lease | None) -> bool:
        """Whether no other replica has held the lease in between."""
        return other is not None and (self.number, self.holder) == (other.number, other.holder)


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A replica's wish to get a lease, or to keep it.

    Attributes:
        holder: The replica. Its name is its own: no other replica, and no later run, has the same.
        length: How long the lease is to last from now on.
        waiting: How many events were received and not handled.
    """

    holder: str
    length: timedelta
    waiting: int = 0

    def granted(self, current: Lease | None, now: datetime) -> Lease | None:
        """Return the lease to store, or None if another replica holds it.

        Args:
            current: The stored lease, or None.
            now: The time of the store's clock.
        """
        expires_at = now + self.length
        if current is None:
            return Lease(self.holder, 1, now, expires_at, now, self.waiting)
        if current.holder == self.holder:
            return Lease(self.holder, current.number, current.since, expires_at, now, self.waiting)
        if current.expires_at > now:
            return None
        return Lease(self.holder, current.number + 1, now, expires_at, now, self.waiting)


class LeaseLostError(ConsumerConflictError):
    """Another replica of this consumer holds the lease. Nothing was written, and the event is not acknowledged.

    The other replica handles the event. This one stands by: to subscribe again waits until it is active.

    Attributes:
        consumer: The name of the consumer.
        holder: The replica that holds the lease now, if known.
        subscription: The channel or pattern that the lease is of; None for all of the consumer's.
    """

    def __init__(self, consumer: str, holder: str | None = None, subscription: str | None = None) -> None:
        who = "another replica" if holder is None else holder
        what = "the lease" if subscription is None else f"the lease of {subscription}"
        super().__init__(f"{what} of consumer {consumer!r} is lost to {who}; nothing was written")
        self.consumer: Final = consumer
        self.holder: Final = holder
        self.subscription: Final = subscription


def check_lease(consumer: str, lease: Lease | None, stored: Lease | None) -> None:
    """Check, in the transaction of a commit, that no other replica has got the lease. That it has expired is no matter.

    Args:
        consumer: The consumer.
        lease: The lease that the commit names, or None for one without a lease.
        stored: The stored lease.

    Raises:
        LeaseLostError: It is held by another replica.
    """
    if lease is not None and not lease.is_same_term(stored):
        raise LeaseLostError(consumer, None if stored is None else stored.holder)
