"""Shards: the channels of one consumer, divided over its live replicas. Each channel has a lease of its own.

A table in the store has the members, which are the live replicas, and one record for each channel: who holds it, and a
fencing number that grows each time it goes to another replica. A commit names the records of its channels, and the
store refuses it if one of them has changed. A member renews only its own record, so what it costs to keep a thousand
channels is one write. All times are of the store's clock.

Which member a channel should go to is decided by rendezvous hashing: each member has a score for each channel, and the
highest wins. Members need not agree on anything for that. One that joins takes over only what it scores highest for,
and what a member leaves behind is divided over all others.

How a channel changes hands: a member that scores higher than the holder writes its claim into the record. The holder
stops receiving, stores what is handled, and only then makes the claimant the holder. A channel without a holder, or
whose holder is no longer live, is taken by the member with the highest score. If that one does not want it, as in a
rolling update, any other may take it when the channel was free for the length of a lease.

This module has the table and the rule by which it changes (`ShardRequest.changes`). Stores read and write it;
`shard_keeper.py` asks for changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping  # noqa: TC003 - libraries that encode members look their types up
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta  # noqa: TC003
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from .leases import LeaseLostError

__all__ = (
    "Member",
    "Shard",
    "ShardChanges",
    "ShardRequest",
    "ShardTable",
    "ShardTerms",
    "check_shards",
    "score",
)


@dataclass(frozen=True, slots=True)
class Member:
    """A live replica of a consumer.

    Attributes:
        name: The replica. Its name is its own: no other replica, and no later run, has the same.
        since: Since when it is a member.
        expires_at: When others may take its channels, unless it renews its membership.
        waiting: By channel, how many events it had received and not handled when it last renewed; 0 is left out.
    """

    name: str
    since: datetime
    expires_at: datetime
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shard:
    """Who may store the position of one channel or pattern.

    Attributes:
        subscription: The channel or pattern.
        holder: The replica that holds it, or None.
        number: The fencing number: it grows each time another replica gets it.
        since: Since when it is held, or free.
        claimant: A replica that scores higher than the holder, and waits for it.
    """

    subscription: str
    holder: str | None
    number: int
    since: datetime
    claimant: str | None = None

    def is_same_term(self, other: Shard | None) -> bool:
        """Whether no other replica has held it in between."""
        return other is not None and (self.number, self.holder) == (other.number, other.holder)


@dataclass(frozen=True, slots=True)
class ShardTable:
    """The members and the shards of one consumer, as they were read.

    Attributes:
        read_at: When, by the store's clock.
        members: The members by name, expired ones too, which are kept while they hold something.
        shards: The shards by channel or pattern.
    """

    read_at: datetime
    members: Mapping[str, Member] = field(default_factory=dict)
    shards: Mapping[str, Shard] = field(default_factory=dict)

    @property
    def live(self) -> list[str]:
        """The names of the members that are not expired."""
        return [name for name, each in self.members.items() if each.expires_at > self.read_at]

    def held_by(self, name: str) -> dict[str, Shard]:
        """Return the shards of one member."""
        return {subscription: each for subscription, each in self.shards.items() if each.holder == name}

    def after(self, changes: ShardChanges) -> ShardTable:
        """Return the table with these changes."""
        kept = {name: each for name, each in self.members.items() if name not in changes.gone}
        shards = {**self.shards, **{each.subscription: each for each in changes.shards}}
        return ShardTable(self.read_at, {**kept, **{each.name: each for each in changes.members}}, shards)


@dataclass(frozen=True, slots=True)
class ShardChanges:
    """What a store is to write.

    Attributes:
        members: Members to add or to replace.
        gone: The names of members to delete.
        shards: Shards to add or to replace. A store leaves one out if a commit of its holder is under way.
    """

    members: Collection[Member] = ()
    gone: Collection[str] = ()
    shards: Collection[Shard] = ()


@dataclass(frozen=True, slots=True)
class ShardRequest:
    """What a replica wants: to be a member, to hold channels, to give some up.

    Attributes:
        member: The replica.
        length: How long it may be silent until others take its channels.
        wanted: The channels and patterns that it subscribes to.
        finished: What it held and has stopped to receive, and whose last position is stored.
        waiting: By channel, how many events were received and not handled.
        leaves: Whether it ends: then it keeps nothing.
    """

    member: str
    length: timedelta
    wanted: frozenset[str] = frozenset()
    finished: Collection[Shard] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    leaves: bool = False

    def changes(self, table: ShardTable) -> ShardChanges:
        """Return what follows from the request, in the transaction in which the table was read."""
        now, known = table.read_at, table.members.get(self.member)
        live = [name for name in table.live if name != self.member]
        if not self.leaves:
            live.append(self.member)
        division = _Division(self.member, self.length, live, table)
        finished = self._finished(table)
        changed = {name: division.given_up(each) for name, each in finished.items()}
        if not self.leaves:
            for name in self.wanted:
                shard = changed.get(name) or table.shards.get(name) or Shard(name, None, 0, now)
                if (new := division.wished(shard)) is not table.shards.get(name):
                    changed[name] = new
        since = now if known is None else known.since
        own = [] if self.leaves else [Member(self.member, since, now + self.length, self.waiting)]
        return ShardChanges(own, self._gone(table, changed), list(changed.values()))

    def _finished(self, table: ShardTable) -> dict[str, Shard]:
        held = table.held_by(self.member)
        if self.leaves:
            return held
        named = {each.subscription: each for each in self.finished}
        return {name: each for name, each in held.items() if each.is_same_term(named.get(name))}

    def _gone(self, table: ShardTable, changed: Mapping[str, Shard]) -> list[str]:
        """Return the members to delete: this one if it leaves, and expired ones that hold nothing any more."""
        holders = {each.holder for each in {**table.shards, **changed}.values()}
        live = table.live
        gone = [name for name in table.members if name not in live and name not in holders and name != self.member]
        return [*gone, self.member] if self.leaves else gone


class _Division:
    """How one member sees the division of channels.

    Args:
        member: The member.
        length: For how long a channel is left to the member with the highest score.
        live: The names of all live members.
        table: The table.
    """

    def __init__(self, member: str, length: timedelta, live: Collection[str], table: ShardTable) -> None:
        self._member: Final = member
        self._length: Final = length
        self._live: Final = frozenset(live)
        self._table: Final = table

    def given_up(self, shard: Shard) -> Shard:
        """Return what becomes of a shard that its holder has finished with: it goes to the claimant."""
        if shard.claimant is not None and shard.claimant in self._live:
            return self._held(shard, shard.claimant)
        return replace(shard, holder=None, claimant=None, since=self._table.read_at)

    def wished(self, shard: Shard) -> Shard:
        """Return what becomes of a shard that the member wants: its own, with its claim, or as it was."""
        if shard.holder == self._member:
            return shard
        if shard.holder is not None and shard.holder in self._live:
            rivals = [each for each in (shard.holder, shard.claimant) if each is not None and each in self._live]
            return replace(shard, claimant=self._member) if self._is_first(shard, rivals) else self._kept(shard)
        if self._is_first(shard, self._live) or self._table.read_at - self._free_since(shard) >= self._length:
            return self._held(shard, self._member)
        return self._kept(shard)

    def _kept(self, shard: Shard) -> Shard:
        return self._table.shards.get(shard.subscription, shard)

    def _held(self, shard: Shard, name: str) -> Shard:
        return Shard(shard.subscription, name, shard.number + 1, self._table.read_at)

    def _free_since(self, shard: Shard) -> datetime:
        holder = None if shard.holder is None else self._table.members.get(shard.holder)
        return shard.since if holder is None else holder.expires_at

    def _is_first(self, shard: Shard, rivals: Collection[str]) -> bool:
        """Whether the member scores higher than these; it does not if it is one of several, and not the highest."""
        own = score(self._member, shard.subscription)
        return all(name == self._member or own > score(name, shard.subscription) for name in rivals)


@dataclass(frozen=True, slots=True)
class ShardTerms:
    """What a commit of a replica names: the shards of the channels whose positions it stores.

    Attributes:
        shards: The shards, as the replica holds them.
        length: How long the replica may be silent until others take them.
    """

    shards: Collection[Shard]
    length: timedelta


@lru_cache(maxsize=32_768)
def score(member: str, subscription: str) -> bytes:
    """Return how much a channel belongs to a member: the one with the highest score should hold it."""
    return blake2b(f"{member}\0{subscription}".encode(), digest_size=8).digest()


def check_shards(consumer: str, terms: ShardTerms, stored: Mapping[str, Shard]) -> None:
    """Check, in the transaction of a commit, that no other replica has got one of these shards.

    Args:
        consumer: The consumer.
        terms: The shards that the commit names.
        stored: The stored shards by channel or pattern.

    Raises:
        LeaseLostError: One of them is held by another replica.
    """
    for each in terms.shards:
        found = stored.get(each.subscription)
        if not each.is_same_term(found):
            raise LeaseLostError(consumer, None if found is None else found.holder, each.subscription)
