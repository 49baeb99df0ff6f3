"""The keeper of shards: it keeps a replica among the members, and says which channels it gains, loses and has to leave.

It reads the table often and writes it seldom: when its membership is to be renewed, and when a channel is to change
hands. What that means for the client is decided in `sharded_replica.py`; which channels should change hands, in
`shards.py`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from .keeper import STANDBY_PAUSE, Keeper, call_store
from .shards import ShardRequest, ShardTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import timedelta

    from .shards import Shard
    from .store import ShardStore

__all__ = ("ShardKeeper", "ShardObserver")

_logger: Final = logging.getLogger("pybayeux.replay")

_RENEWALS: Final = 3


class ShardObserver(Protocol):
    """Is asked what the replica wants, and told when its shards change."""

    def wanted(self) -> frozenset[str]:
        """Return the channels and patterns that are subscribed to."""

    def finished(self) -> Collection[Shard]:
        """Return the shards that it has left, and whose last position is stored."""

    def waiting(self) -> Mapping[str, int]:
        """Return how many events were received and not handled, by channel."""

    def shards_lost(self, subscriptions: Collection[str]) -> None:
        """Other replicas hold these, or none does."""

    def shards_gained(self, subscriptions: Collection[str]) -> None:
        """This replica holds these from now on."""

    def shards_claimed(self, subscriptions: Collection[str]) -> None:
        """It is to leave these, because others should have them, or because it does not want them any more."""

    def shards_changed(self) -> None:
        """The calls before have changed what it holds."""

    def shards_in_doubt(self) -> None:
        """The membership could not be renewed in time."""

    def shards_confirmed(self) -> None:
        """It is renewed after all."""


class ShardKeeper(Keeper[tuple[ShardTable, bool]]):
    """Keeps the shards of one consumer, for one replica.

    Args:
        open_store: Returns the store.
        consumer: The consumer.
        length: How long it stays a member without renewing that.
        observer: Is told when its shards change.

    Attributes:
        held: The shards that this replica holds as far as it knows, by channel or pattern.
    """

    def __init__(
        self,
        open_store: Callable[[], ShardStore],
        consumer: str,
        length: timedelta,
        observer: ShardObserver,
    ) -> None:
        super().__init__(f"the membership of {consumer!r}", length, observer.shards_in_doubt)
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._lease_length: Final = length
        self._observer: Final = observer
        self.held: dict[str, Shard] = {}
        self._renewal_due = 0.0

    @property
    def is_holding(self) -> bool:
        """Whether this replica holds any shard, as far as it knows."""
        return bool(self.held)

    def lose(self, subscription: str) -> None:
        """The store says that another replica has a shard."""
        if self.held.pop(subscription, None) is not None:
            self._observer.shards_lost([subscription])
            self._observer.shards_changed()

    def _pause(self) -> float:
        return min(super()._pause(), STANDBY_PAUSE)  # a member that leaves waits for none of the others

    async def _request(self) -> tuple[ShardTable, bool]:
        observer, store, consumer = self._observer, self._open_store(), self._consumer
        request = ShardRequest(
            self.name, self._lease_length, observer.wanted(), observer.finished(), observer.waiting()
        )
        is_due = self.is_in_doubt or asyncio.get_running_loop().time() >= self._renewal_due

        def ask() -> tuple[ShardTable, bool]:
            table = store.shards(consumer)
            changes = request.changes(table)
            if is_due or changes.shards or changes.gone or self.name not in table.live:
                return store.change_shards(consumer, request.changes), True
            return table, False

        return await call_store(store, ask)

    def _answered(self, answer: tuple[ShardTable, bool], asked_at: float) -> None:
        table, is_renewed = answer
        if is_renewed:
            self._is_valid(asked_at)
            self._renewal_due = asked_at + self._length / _RENEWALS
        self._compare(table)
        if is_renewed and self.is_in_doubt:
            self.is_in_doubt = False
            self._observer.shards_confirmed()

    def _compare(self, table: ShardTable) -> None:
        """Say what has changed since the last table."""
        held, before = table.held_by(self.name), self.held
        lost = [name for name, each in before.items() if not each.is_same_term(held.get(name))]
        gained = [name for name, each in held.items() if not each.is_same_term(before.get(name))]
        self.held = held
        if lost:
            self._observer.shards_lost(lost)
        if gained:
            self._observer.shards_gained(gained)
        wanted, live = self._observer.wanted(), frozenset(table.live)
        if claimed := [name for name, each in held.items() if each.claimant in live or name not in wanted]:
            self._observer.shards_claimed(claimed)
        if lost or gained:
            _logger.info("%r: %d channels gained, %d lost, %d held", self._consumer, len(gained), len(lost), len(held))
            self._observer.shards_changed()

    def _lose_all(self) -> None:
        held, self.held = self.held, {}
        self._renewal_due = 0.0  # by the clock of another event loop
        if held:
            self._observer.shards_lost(list(held))
            self._observer.shards_changed()

    async def _release(self) -> None:
        self.held = {}
        store, request = self._open_store(), ShardRequest(self.name, self._lease_length, leaves=True)
        await call_store(store, lambda: store.change_shards(self._consumer, request.changes))
