"""One replica of a consumer: what being active, standing by and doubt mean for its client.

A replica that stands by has a session and no subscription: its subscribes wait, so the server sends it nothing, and a
program waits in `subscribe`. When it becomes active it reads the positions that the replica before it has stored, and
subscribes after them. When it has lost the lease, it gives up all that it received, and stands by. While it is in
doubt, what its receivers have in hand goes on, and nothing more is handled.

Who holds the lease is found out by `LeaseKeeper`; that nothing is stored under a lost lease is up to the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import Drop
from pybayeux.errors import Remedy

from .lease_keeper import LeaseKeeper
from .leases import LeaseLostError
from .replica_base import BaseReplica, store_error
from .store import LeaseStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from pybayeux import HookClient, Message

    from .leases import Lease
    from .position_writer import PositionWriter
    from .shards import Shard
    from .store import Store
    from .subscriptions import Subscriptions

__all__ = ("Replica",)

_STANDBY: Final = "replay's lease"
"""Who holds the receivers back while the replica stands by."""


class Replica(BaseReplica[LeaseStore]):
    """A replica of one consumer that handles all channels, or none.

    Args:
        consumer: The consumer.
        length: How long the lease lasts without being renewed.
        writer: Stores the positions.
        subscriptions: The subscriptions of the client.
    """

    def __init__(self, consumer: str, length: timedelta, writer: PositionWriter, subscriptions: Subscriptions) -> None:
        super().__init__(consumer, writer, subscriptions)
        self._keeper: LeaseKeeper = LeaseKeeper(self._store, consumer, length, self, lambda: subscriptions.unhandled)
        self._channels: set[str] = set()
        writer.commits.lease_holder = self

    @staticmethod
    def check_store(store: Store) -> LeaseStore:
        """Return a store, if it keeps leases.

        Raises:
            UsageError: It keeps none.
        """
        if isinstance(store, LeaseStore):
            return store
        raise store_error("lease", store, "keeps no leases")

    # -- life

    def join(self, client: HookClient) -> None:
        """The client starts: stand by."""
        super().join(client)
        client.hold_events(_STANDBY, "it stands by")

    async def leave(self) -> None:
        """The client ends, and everything is stored: hand over."""
        try:
            await self._keeper.stop()
        finally:
            self._channels.clear()
            self._release_receivers()

    def _release_receivers(self) -> None:
        """Nothing here holds them back any more: a later life begins without what held the last one."""
        if self._joined is not None:
            self._end_doubt()
            self._client.release_events(_STANDBY)

    # -- what the client asks

    @property
    def shards(self) -> Mapping[str, Shard]:
        """There are none: all channels are under one lease."""
        return {}

    @property
    def lease(self) -> Lease | None:
        """The lease, while this replica holds it as far as it knows."""
        return self._keeper.held

    def fencing(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the argument of a commit that names the lease.

        Raises:
            LeaseLostError: This replica stands by.
        """
        if self._keeper.held is None:
            raise LeaseLostError(self._consumer)
        return {"lease": self._keeper.held}

    def holds(self, key: str) -> bool:
        """Whether this replica may store the position under a key, as far as it knows."""
        return self._keeper.held is not None

    def commit_refused(self, error: LeaseLostError) -> None:
        """The store has refused a commit."""
        self._keeper.lose(error.holder)

    def positions_stored(self) -> None:
        """Positions were stored."""

    def unsubscribed(self, channel: str) -> None:
        """The program has left a channel."""

    def stop_event(self, event: Message) -> Drop | None:
        """Return what keeps an event from receivers: nothing, since they are held back while it stands by."""
        return None

    def stop_subscribe(self, channels: Iterable[str]) -> Drop | None:
        """Return what keeps a subscribe from being sent, while this replica stands by."""
        if self._keeper.held is not None:
            return None
        self._channels.update(channels)
        return Drop(f"another replica of {self._consumer!r} is active, or may be", remedy=Remedy.WAIT)

    # -- the lease changes

    def lease_gained(self, lease: Lease) -> None:
        """Subscribe after the stored positions."""
        self._writer.forget()  # what was read before another replica went on
        self._client.release_events(_STANDBY, discard=True)
        self._client.hook("lease_changed").call(lease, self._client)
        channels, self._channels = self._channels, set()
        self._ask_afresh(channels)

    def lease_lost(self, holder: str | None) -> None:
        """Give up what was received, and stand by."""
        self._client.hold_events(_STANDBY, f"{holder or 'another replica'} is active")
        self._end_doubt()
        channels = [each.subscription for each in self._subscriptions.open()]
        self._subscriptions.forget()  # which notes what was handled until now
        self._writer.forget()
        self._client.hook("lease_changed").call(None, self._client)
        self._ask_afresh(channels)  # to end them at the server; the new subscribes wait

    def lease_in_doubt(self) -> None:
        """Have nothing more handled."""
        self._begin_doubt("the lease could not be renewed in time")

    def lease_confirmed(self) -> None:
        """Go on."""
        self._end_doubt()
