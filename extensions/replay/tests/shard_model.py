"""The division of channels as a model, which Hypothesis holds against a real store: three replicas, three channels.

The model is who holds each channel, under which number, and the last stored position of each. Steps are requests with
any wishes, by replicas that are live or expire at once, departures, commits of one or several channels, and both ends
of transactions. Each replica knows only what it was told last, so that it may act on a channel which it has lost long
ago: it was paused, or cut off.

What a request asks for is decided by `ShardRequest.changes`, which has tests of its own. Here the store has to write it
and nothing else, and whatever it writes has to be safe: a channel leaves a live holder by that one's own request alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from extensions.replay.tests.replica_machine import OpenTransaction, ReplicaMachine, replicas, run_model
from pybayeux_replay import (
    LeaseLostError,
    Position,
    Shard,
    ShardChanges,
    ShardStore,
    ShardTable,
    ShardTerms,
)
from pybayeux_replay.shards import ShardRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ("check_shard_model",)

_CHANNELS: Final = ("/a", "/b", "/c")
_NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LONG: Final = timedelta(hours=1)

_some_channels: Final = st.sets(st.sampled_from(_CHANNELS))
_one_or_more: Final = st.sets(st.sampled_from(_CHANNELS), min_size=1)


def check_shard_model(
    make: Callable[[], ShardStore], *, has_open_transactions: bool = True, examples: int = 25
) -> None:
    """Run the model against a store.

    Args:
        make: Returns a store; all of them have the same content.
        has_open_transactions: Whether others can go on while a transaction is open.
        examples: How many interleavings to try.

    Raises:
        AssertionError: The store does not do what the model does; the text has the steps.
    """

    class Machine(_ShardMachine):
        def __init__(self) -> None:
            super().__init__(make, has_open_transactions)

    run_model(Machine, examples, steps=30)


class _ShardMachine(ReplicaMachine[ShardStore, Shard]):
    """The replicas, and the model beside them."""

    def __init__(self, make: Callable[[], ShardStore], has_open_transactions: bool) -> None:
        super().__init__(make, has_open_transactions)
        # What each replica was told last.
        self._known: Final[dict[str, Mapping[str, Shard]]] = {}
        # The model.
        self._shards: dict[str, Shard] = {}
        self._live: Final[set[str]] = set()
        self._stored: Final[dict[str, int]] = {}

    @rule(
        replica=replicas, wanted=_some_channels, finished=_some_channels, length=st.sampled_from([timedelta(0), _LONG])
    )
    def request(self, replica: str, wanted: set[str], finished: set[str], length: timedelta) -> None:
        """A replica renews its membership, wants channels, and has finished with some that it believes to hold."""
        if any(each.claim.subscription in finished for name, each in self._open.items() if name == replica):
            return  # it is in the middle of a transaction
        known = [each for name, each in self._known.get(replica, {}).items() if name in finished]
        self._change(replica, ShardRequest(replica, length, frozenset(wanted), known))
        (self._live.add if length else self._live.discard)(replica)

    @rule(replica=replicas)
    def depart(self, replica: str) -> None:
        """A replica ends, after its last commit."""
        if replica not in self._open:
            self._change(replica, ShardRequest(replica, _LONG, leaves=True))
            self._live.discard(replica)

    def _change(self, replica: str, request: ShardRequest) -> None:
        seen: list[tuple[ShardTable, ShardChanges]] = []

        def change(table: ShardTable) -> ShardChanges:
            seen.append((table, request.changes(table)))
            return seen[-1][1]

        told = self._stores[replica].change_shards(self._consumer, change)
        read, asked = seen[-1]
        assert dict(read.shards) == self._shards
        used = {each.claim.subscription for each in self._open.values() if self._is_current(each.claim)}
        written = [each for each in asked.shards if told.shards.get(each.subscription) == each]
        assert all(each in written or each.subscription in used for each in asked.shards)
        self._check_safe(replica, {each.subscription for each in request.finished}, request.leaves, written)
        self._shards |= {each.subscription: each for each in written}
        assert told == replace(read.after(replace(asked, shards=written)), read_at=told.read_at)
        self._known[replica] = told.held_by(replica)

    def _check_safe(self, replica: str, finished: Collection[str], leaves: bool, written: Collection[Shard]) -> None:
        for new in written:
            old = self._shards.get(new.subscription)
            if old is None or new.is_same_term(old):
                continue
            assert new.number >= old.number
            if new.holder is not None:
                assert new.number > old.number
            if old.holder in self._live and old.holder != replica:
                raise AssertionError(f"{replica} took {old} from a live holder")
            if old.holder == replica:
                assert leaves or new.subscription in finished

    @rule(replica=replicas, channels=_one_or_more)
    def commit(self, replica: str, channels: set[str]) -> None:
        """A replica stores the positions of some channels that it believes to hold."""
        known = [each for name, each in self._known.get(replica, {}).items() if name in channels]
        if not known or self._is_writer_busy:
            return
        moved = self._new_positions(known)
        terms = ShardTerms(known, _LONG)
        try:
            self._stores[replica].fenced_set(self._consumer, moved, lambda stored: moved, shards=terms)
        except LeaseLostError as error:
            assert not all(map(self._is_current, known))
            lost = next(each for each in known if each.subscription == error.subscription)
            assert not self._is_current(lost)
        else:
            assert all(map(self._is_current, known))
            self._stored.update({name: each.replay_id for name, each in moved.items()})

    @rule(replica=replicas, channel=st.sampled_from(_CHANNELS))
    def begin(self, replica: str, channel: str) -> None:
        """A replica begins a transaction on a channel that it believes to hold."""
        shard = self._known.get(replica, {}).get(channel)
        if shard is not None and self._may_begin(replica):
            moved, terms = self._new_positions([shard]), ShardTerms([shard], _LONG)
            store = self._stores[replica]
            context = store.fenced_transaction(self._consumer, moved, lambda stored: moved, shards=terms)
            self._begin(replica, context, shard)

    def _committed(self, transaction: OpenTransaction[Shard]) -> None:
        self._stored[transaction.claim.subscription] = transaction.position

    def _forget(self, replica: str) -> None:
        self._known.pop(replica, None)

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        store = self._stores["one"]
        table = store.shards(self._consumer)
        assert dict(table.shards) == self._shards
        assert set(table.live) == self._live
        positions = store.items(self._consumer)
        assert {name: each.replay_id for name, each in positions.items()} == self._stored

    def _is_current(self, shard: Shard) -> bool:
        return shard.is_same_term(self._shards.get(shard.subscription))

    def _new_positions(self, shards: Collection[Shard]) -> Mapping[str, Position]:
        self._next_position += 1
        return {each.subscription: Position(self._next_position, _NOON) for each in shards}
