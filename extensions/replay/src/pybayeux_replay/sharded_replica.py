"""One replica of a consumer whose channels are divided: what gaining, leaving and losing a channel mean for its client.

The program subscribes to all channels on every replica. The subscribes of channels that this replica does not hold are
kept from the server, which sends it none of their events. When it gains one, it subscribes after the position that the
replica before it has stored.

When it has to leave one, it receives nothing more of it, gives up what waits, and lets its receivers finish what they
have in hand. When that is stored, another replica may have the channel. While the replica is in doubt, nothing more is
handled of any channel.

Who holds what is found out by `ShardKeeper`; that nothing is stored under a lost shard is up to the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, ChannelType, Drop
from pybayeux.errors import Remedy

from .channel_index import covers
from .leases import LeaseLostError
from .position_lookup import shard_name
from .replica_base import BaseReplica, store_error
from .shard_keeper import ShardKeeper
from .shards import ShardTerms
from .store import ShardStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import timedelta

    from pybayeux import Message

    from .position_writer import PositionWriter
    from .shards import Shard
    from .store import Store
    from .subscriptions import Subscriptions

__all__ = ("ShardedReplica",)

_MAX_CACHED: Final = 10_000
_NOT_OURS: Final = Drop("another replica handles this channel")


class ShardedReplica(BaseReplica[ShardStore]):
    """A replica of one consumer that handles a part of its channels.

    Args:
        consumer: The consumer.
        length: How long the replica may be silent until others take its channels.
        writer: Stores the positions.
        subscriptions: The subscriptions of the client.
    """

    def __init__(self, consumer: str, length: timedelta, writer: PositionWriter, subscriptions: Subscriptions) -> None:
        super().__init__(consumer, writer, subscriptions)
        self._length: Final = length
        self._keeper: ShardKeeper = ShardKeeper(self._store, consumer, length, self)
        self._wanted: set[str] = set()
        self._leaving: dict[str, Shard] = {}
        self._is_ours: dict[str, bool] = {}
        writer.commits.lease_holder = self

    @staticmethod
    def check_store(store: Store) -> ShardStore:
        """Return a store, if it divides channels.

        Raises:
            UsageError: It does not.
        """
        if isinstance(store, ShardStore):
            return store
        raise store_error("shard", store, "cannot divide channels")

    # -- life

    async def leave(self) -> None:
        """The client ends, and everything is stored: hand over."""
        try:
            await self._keeper.stop()
        finally:
            self._wanted.clear()
            self._leaving.clear()
            self._is_ours.clear()
            if self._joined is not None:
                self._end_doubt()  # in a later life nothing else would

    # -- what the client asks

    @property
    def lease(self) -> None:
        """There is no lease of all channels."""

    @property
    def shards(self) -> Mapping[str, Shard]:
        """The shards that this replica holds as far as it knows, by channel or pattern."""
        return dict(self._keeper.held)

    def fencing(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the argument of a commit of these positions that names their shards.

        Raises:
            LeaseLostError: One of them is not held.
        """
        names = {shard_name(key) for key in keys}
        for name in names:
            if name not in self._keeper.held:
                raise LeaseLostError(self._consumer, subscription=name)
        return {"shards": ShardTerms([self._keeper.held[name] for name in sorted(names)], self._length)}

    def holds(self, key: str) -> bool:
        """Whether this replica may store the position under a key, as far as it knows."""
        return shard_name(key) in self._keeper.held

    def commit_refused(self, error: LeaseLostError) -> None:
        """The store has refused a commit."""
        if error.subscription is not None:
            self._keeper.lose(error.subscription)

    def positions_stored(self) -> None:
        """Positions were stored: a channel may be finished with."""
        self._give_up_finished()

    def stop_subscribe(self, channels: Iterable[str]) -> Drop | None:
        """Return what keeps a subscribe from being sent, while this replica does not hold its channel."""
        wanted = [str(each) for each in channels if Channel(each).type is ChannelType.BROADCAST]
        if not self._wanted.issuperset(wanted):
            self._wanted.update(wanted)
            self._keeper.wake()
        if all(each in self._keeper.held and each not in self._leaving for each in wanted):
            return None
        return Drop(f"another replica of {self._consumer!r} handles it", remedy=Remedy.DEFER)

    def unsubscribed(self, channel: str) -> None:
        """The program has left a channel: others may have it."""
        if channel in self._wanted:
            self._wanted.discard(channel)
            self._keeper.wake()

    def stop_event(self, event: Message) -> Drop | None:
        """Return what keeps an event from receivers, if it is of a channel that this replica does not hold.

        Such events were on their way when the channel was left.
        """
        is_ours = self._is_ours.get(event.channel)
        if is_ours is None:
            if len(self._is_ours) >= _MAX_CACHED:
                self._is_ours.clear()
            is_ours = self._is_ours[event.channel] = self._covers(Channel(event.channel))
        return None if is_ours else _NOT_OURS

    def _covers(self, channel: Channel) -> bool:
        if channel.type is not ChannelType.BROADCAST:
            return True
        names = [each for each in self._wanted if covers(each, channel)]
        return not names or any(each in self._keeper.held and each not in self._leaving for each in names)

    # -- what the keeper asks

    def wanted(self) -> frozenset[str]:
        """Return the channels and patterns that are subscribed to."""
        return frozenset(self._wanted)

    def waiting(self) -> Mapping[str, int]:
        """Return how many events were received and not handled, by channel."""
        open_ones = self._subscriptions.open()
        return {each.subscription: each.window.unhandled for each in open_ones if each.window.unhandled}

    def finished(self) -> list[Shard]:
        """Return the shards that this replica has left, and whose last position is stored."""
        handled = [name for name in self._leaving if not self._client.events_in_hand(name)]
        for name in handled:
            self._subscriptions.store_handled(name)
        unsaved = self._writer.unsaved()
        return [self._leaving[name] for name in handled if name not in unsaved]

    def _give_up_finished(self) -> None:
        """Have the keeper give up soon what is finished."""
        if self._leaving and self.finished():
            self._keeper.wake()

    # -- shards change

    def shards_gained(self, subscriptions: Collection[str]) -> None:
        """Subscribe after the stored positions."""
        self._is_ours.clear()
        self._writer.forget(subscriptions)  # what was read before another replica went on
        self._ask_afresh(subscriptions)

    def shards_claimed(self, subscriptions: Collection[str]) -> None:
        """Receive nothing more of these, and finish what is in hand."""
        new = [each for each in subscriptions if each not in self._leaving]
        self._leaving.update({each: self._keeper.held[each] for each in new})
        self._is_ours.clear()
        for each in new:
            self._client.discard_events(each)
            self._ask_afresh([each])  # to end it at the server; the new subscribe waits
        self._give_up_finished()

    def shards_lost(self, subscriptions: Collection[str]) -> None:
        """Give up what was received of these."""
        self._is_ours.clear()
        self._subscriptions.forget(subscriptions)  # which notes what was handled until now
        self._writer.forget(subscriptions)
        for each in subscriptions:
            if self._leaving.pop(each, None) is None:
                self._client.discard_events(each)
                self._ask_afresh([each])

    def shards_changed(self) -> None:
        """Tell extensions."""
        self._client.hook("shards_changed").call(self.shards, self._client)

    def shards_in_doubt(self) -> None:
        """Have nothing more handled."""
        self._begin_doubt("the membership could not be renewed in time")

    def shards_confirmed(self) -> None:
        """Go on."""
        self._end_doubt()
