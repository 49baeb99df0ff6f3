"""A store of leases and shards in memory, whose clock is the event loop's, and which can be lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pybayeux_replay import Lease, LeaseRequest, MemoryStore, Position, ShardTable
from pybayeux_replay.leases import check_lease
from pybayeux_replay.shards import check_shards

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from pybayeux_replay import Fence, ShardChanges, ShardTerms

__all__ = ("LeasedStore", "now")


def now() -> datetime:
    """The time of the store's clock."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())


class LeasedStore(MemoryStore):
    """Keeps leases and shards.

    Args:
        shared: The store that it shares its content with, as the stores of two replicas do.

    Attributes:
        is_lost: Whether it fails.
        leases: The leases by consumer.
        tables: The members and shards by consumer.
    """

    def __init__(self, shared: LeasedStore | None = None) -> None:
        super().__init__()
        self.is_lost = False
        self.leases: dict[str, Lease] = {}
        self.tables: dict[str, ShardTable] = {}
        if shared is not None:
            self.leases, self._positions, self.tables = shared.leases, shared._positions, shared.tables

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
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> None:
        self._check_held(consumer, lease, shards)
        self.set(consumer, fence({name: each for name, each in self.items(consumer).items() if name in positions}))

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[None]:
        async with self.fenced_transaction(consumer, positions, lambda stored: positions):
            yield

    @asynccontextmanager
    async def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AsyncIterator[None]:
        self._check_held(consumer, lease, shards)
        chosen = fence({name: each for name, each in self.items(consumer).items() if name in positions})
        yield
        self._check_held(consumer, lease, shards)
        self.set(consumer, chosen)

    def shards(self, consumer: str) -> ShardTable:
        self._check()
        return replace(self.tables.get(consumer, ShardTable(now())), read_at=now())

    def change_shards(self, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
        table = self.shards(consumer)
        self.tables[consumer] = table.after(change(table))
        return self.tables[consumer]

    def _check_held(self, consumer: str, lease: Lease | None, shards: ShardTerms | None) -> None:
        self._check()
        check_lease(consumer, lease, self.leases.get(consumer))
        if shards is not None:
            check_shards(consumer, shards, self.shards(consumer).shards)

    def _check(self) -> None:
        if self.is_lost:
            raise ConnectionError("it is gone")
