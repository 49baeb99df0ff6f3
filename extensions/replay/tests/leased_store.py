"""A store of leases in memory, whose clock is the event loop's, and which can be lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pybayeux_replay import Lease, LeaseRequest, MemoryStore, Position
from pybayeux_replay.leases import check_lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pybayeux_replay import Fence

__all__ = ("LeasedStore", "now")


def now() -> datetime:
    """The time of the store's clock."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())


class LeasedStore(MemoryStore):
    """Keeps leases.

    Args:
        shared: The store that it shares its content with, as the stores of two replicas do.

    Attributes:
        is_lost: Whether it fails.
        leases: The leases by consumer.
    """

    def __init__(self, shared: LeasedStore | None = None) -> None:
        super().__init__()
        self.is_lost = False
        self.leases: dict[str, Lease] = {}
        if shared is not None:
            self.leases, self._positions = shared.leases, shared._positions

    def request_lease(self, consumer: str, request: LeaseRequest) -> Lease:
        self._check()
        granted = request.granted(self.leases.get(consumer), now())
        if granted is not None:
            self.leases[consumer] = granted
        return self.leases[consumer]

    def release_lease(self, consumer: str, lease: Lease) -> None:
        self._check()
        current = self.leases[consumer]
        if lease.is_same_term(current):
            self.leases[consumer] = Lease(current.holder, current.number, current.since, now(), now())

    def lease(self, consumer: str) -> Lease | None:
        self._check()
        return self.leases.get(consumer)

    def fenced_set(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence, lease: Lease | None = None
    ) -> None:
        self._check()
        check_lease(consumer, lease, self.leases.get(consumer))
        self.set(consumer, fence({name: each for name, each in self.items(consumer).items() if name in positions}))

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[None]:
        async with self.fenced_transaction(consumer, positions, lambda stored: positions):
            yield

    @asynccontextmanager
    async def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence, lease: Lease | None = None
    ) -> AsyncIterator[None]:
        self._check()
        check_lease(consumer, lease, self.leases.get(consumer))
        chosen = fence({name: each for name, each in self.items(consumer).items() if name in positions})
        yield
        self._check()
        check_lease(consumer, lease, self.leases.get(consumer))
        self.set(consumer, chosen)

    def _check(self) -> None:
        if self.is_lost:
            raise ConnectionError("it is gone")
