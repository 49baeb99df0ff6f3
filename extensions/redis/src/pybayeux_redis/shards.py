"""Members and shards in Redis. The clock is the server's.

Who holds a shard is under a key of its own, which a commit watches: it is refused if the shard goes to another replica.
Claims are in a hash, so that they disturb no commit. Changes of shards watch a version of both. They do not watch the
members, which renew all the time: a decision by a member's record that has changed since is harmless, because commits
name shards.
"""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import replace
from datetime import datetime  # noqa: TC003 - msgspec looks it up
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import msgspec
import redis

from pybayeux_replay import Member, Shard, ShardTable
from pybayeux_replay.shards import check_shards

from .leases import server_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pybayeux_replay import ShardChanges, ShardTerms

    from .keys import Keys

__all__ = ("ShardCache", "change_shards", "check_shards_held", "named_shards", "read_shards")

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
"""Seconds that a change waits at most after others have come before it, at first and later."""


class _Term(msgspec.Struct, frozen=True):
    """Who holds a shard, with its number, and since when."""

    subscription: str
    holder: str | None
    number: int
    since: datetime


_members: Final = msgspec.json.Decoder(Member)
_terms: Final = msgspec.json.Decoder(_Term)


class ShardCache:
    """The shards of a consumer as they were read last. They are read again only when their version has changed."""

    def __init__(self) -> None:
        self._known: tuple[bytes | None, Mapping[str, Shard]] = (None, {})

    def read(self, client: Any, keys: Keys) -> Mapping[str, Shard]:
        """Return the shards."""
        version, (known, shards) = client.get(keys.shards_version), self._known
        if version is None or version != known:
            shards = _read_all(client, keys)
            self._known = version, shards  # of this version, or of a later one, which differs from it
        return shards


def read_shards(client: Any, keys: Keys, cache: ShardCache) -> ShardTable:
    """Return the table of a consumer."""
    shards = cache.read(client, keys)
    members = [_members.decode(each) for each in client.hgetall(keys.members).values()]
    return ShardTable(server_time(client), {each.name: each for each in members}, shards)


def _read_all(client: Any, keys: Keys) -> dict[str, Shard]:
    claims = {name.decode(): claimant.decode() for name, claimant in client.hgetall(keys.claims).items()}
    names = sorted(each.decode() for each in client.smembers(keys.shards))
    return {name: replace(each, claimant=claims.get(name)) for name, each in named_shards(client, keys, names).items()}


def named_shards(client: Any, keys: Keys, names: Iterable[str]) -> dict[str, Shard]:
    """Return the shards of these channels, as far as there are any, without their claims."""
    wanted = [keys.shard(name) for name in names]
    stored = client.mget(wanted) if wanted else []
    found = [_terms.decode(each) for each in stored if each is not None]
    return {each.subscription: Shard(each.subscription, each.holder, each.number, each.since) for each in found}


def change_shards(
    client: Any, keys: Keys, cache: ShardCache, change: Callable[[ShardTable], ShardChanges]
) -> ShardTable:
    """Write what `change` returns; return the table that is stored then."""
    for attempt in count():
        with client.pipeline() as pipe:
            pipe.watch(keys.shards_version)
            table = read_shards(pipe, keys, cache)
            changes = change(table)
            pipe.multi()
            _write(pipe, keys, table, changes)
            try:
                pipe.execute()
            except redis.WatchError:
                # Others change shards as well: so that all do not meet again, each waits for another time.
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)))  # noqa: S311
                continue
            return table.after(changes)
    raise AssertionError("not reached")


def _write(pipe: Any, keys: Keys, table: ShardTable, changes: ShardChanges) -> None:
    if changes.gone:
        pipe.hdel(keys.members, *changes.gone)
    for member in changes.members:
        pipe.hset(keys.members, member.name, msgspec.json.encode(member))
    for each in changes.shards:
        name = each.subscription
        if not each.is_same_term(table.shards.get(name)):
            pipe.set(keys.shard(name), msgspec.json.encode(_Term(name, each.holder, each.number, each.since)))
            pipe.sadd(keys.shards, name)
        if each.claimant is None:
            pipe.hdel(keys.claims, name)
        else:
            pipe.hset(keys.claims, name, each.claimant)
    if changes.shards:
        pipe.set(keys.shards_version, secrets.token_hex(8))  # no count: a server that lost its data would begin anew


def check_shards_held(pipe: Any, keys: Keys, consumer: str, terms: ShardTerms | None) -> None:
    """Check that shards are held, and have the transaction that follows refused if they are not until then.

    Raises:
        LeaseLostError: One of them is held by another replica.
    """
    if terms is not None and terms.shards:
        names = [each.subscription for each in terms.shards]
        pipe.watch(*[keys.shard(name) for name in names])
        check_shards(consumer, terms, named_shards(pipe, keys, names))
