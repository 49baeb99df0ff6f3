"""What a store has to do that divides the channels of a consumer over its replicas."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ..leases import LeaseLostError
from ..position import Position
from ..shards import Member, Shard, ShardChanges, ShardRequest, ShardTable, ShardTerms, score
from ..store import ShardStore
from .samples import FULL, NOON, aclose, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..store import Store

__all__ = (
    "decides_between_a_transaction_and_a_new_holder_of_a_shard",
    "divides_channels_by_the_clock_of_the_store",
    "keeps_members_and_shards",
    "refuses_commits_under_a_lost_shard",
    "refuses_transactions_under_a_lost_shard",
)

_MINUTE: Final = timedelta(minutes=1)
_WANTED: Final = frozenset(["/a", "/ö'\\"])


def keeps_members_and_shards(make: Callable[[], Store]) -> None:
    """What one replica changes the others read: members, holders, numbers, claims; each consumer has its own."""
    with opened(make, 2) as (store, other):
        if not isinstance(store, ShardStore) or not isinstance(other, ShardStore):
            return
        assert not store.shards("billing").members
        one = ShardRequest("one", _MINUTE, _WANTED, waiting={"/a": 7})
        table = store.change_shards("billing", one.changes)
        terms = {name: (each.holder, each.number) for name, each in table.shards.items()}
        assert terms == dict.fromkeys(_WANTED, ("one", 1))
        read = other.shards("billing")
        assert (read.members, read.shards) == (table.members, table.shards)
        assert read.read_at >= table.read_at
        assert read.members["one"] == Member("one", table.read_at, table.read_at + _MINUTE, {"/a": 7})
        rival = next(name for name in "abcdefgh" if score(name, "/a") > score("one", "/a"))
        claimed = other.change_shards("billing", ShardRequest(rival, _MINUTE, frozenset(["/a"])).changes)
        assert claimed.shards["/a"] == Shard("/a", "one", 1, table.read_at, rival)
        assert store.shards("billing").shards == claimed.shards
        finished = ShardRequest("one", _MINUTE, _WANTED, [claimed.shards["/a"]])
        moved = store.change_shards("billing", finished.changes).shards["/a"]
        assert (moved.holder, moved.number, moved.claimant) == (rival, 2, None)
        left = store.change_shards("billing", ShardRequest("one", _MINUTE, leaves=True).changes)
        assert list(left.members) == [rival]
        assert other.shards("billing").shards == left.shards
        assert not store.shards("shipping").shards


def divides_channels_by_the_clock_of_the_store(make: Callable[[], Store]) -> None:
    """The channels of a member that is silent for as long as its lease go to the next that asks."""
    with opened(make, 2) as (store, other):
        if not isinstance(store, ShardStore) or not isinstance(other, ShardStore):
            return
        short = ShardRequest("one", timedelta(milliseconds=20), frozenset(["/a"]))
        store.change_shards("billing", short.changes)
        two = ShardRequest("two", timedelta(milliseconds=1), frozenset(["/a"]))
        while (shard := other.change_shards("billing", two.changes).shards["/a"]).holder == "one":
            time.sleep(0.005)
        assert (shard.holder, shard.number) == ("two", 2)


def refuses_commits_under_a_lost_shard(make: Callable[[], Store]) -> None:
    """A commit that names a shard which another replica has got writes nothing, of no channel."""
    with opened(make, 2) as (store, other):
        if not isinstance(store, ShardStore) or not isinstance(other, ShardStore):
            return
        held = store.change_shards("billing", ShardRequest("one", _MINUTE, frozenset(["/a", "/b"])).changes).shards
        both = ShardTerms(list(held.values()), _MINUTE)
        stored = {"/a": FULL, "org/b": FULL}
        store.fenced_set("billing", stored, lambda _: stored, shards=both)
        _take(other, "/b")
        moved = {"/a": Position(3, NOON), "org/b": Position(3, NOON)}
        assert _refused(store, moved, both) == ("two", "/b")
        assert store.items("billing") == stored
        alone = {"/a": Position(4, NOON)}
        store.fenced_set("billing", alone, lambda _: alone, shards=ShardTerms([held["/a"]], _MINUTE))
        assert store.get("billing", "/a") == Position(4, NOON)


def refuses_transactions_under_a_lost_shard(make: Callable[[], Store]) -> None:
    """A transaction does not begin under a lost shard, and does not disturb the others' changes."""

    async def transact(store: ShardStore, terms: ShardTerms) -> LeaseLostError | None:
        moved = {"/a": Position(3, NOON)}
        try:
            async with store.fenced_transaction("billing", moved, lambda _: moved, shards=terms):
                pass
        except LeaseLostError as error:
            return error
        finally:
            await aclose(store)
        return None

    with opened(make, 2) as (store, other):
        if not isinstance(store, ShardStore) or not isinstance(other, ShardStore):
            return
        held = store.change_shards("billing", ShardRequest("one", _MINUTE, frozenset(["/a"])).changes).shards
        terms = ShardTerms(list(held.values()), _MINUTE)
        assert asyncio.run(transact(store, terms)) is None
        _take(other, "/a")
        error = asyncio.run(transact(store, terms))
        assert error is not None
        assert (error.holder, error.subscription) == ("two", "/a")


def decides_between_a_transaction_and_a_new_holder_of_a_shard(make: Callable[[], Store]) -> None:
    """If a member is silent in the middle of a transaction, its channel stays until the end, or the transaction fails.

    Its other channels can be taken meanwhile.
    """

    async def transact(store: ShardStore, other: ShardStore, terms: ShardTerms) -> None:
        moved, holders = {"/a": Position(3, NOON)}, dict[str, str | None]()
        try:
            async with store.fenced_transaction("billing", moved, lambda _: moved, shards=terms):
                two = ShardRequest("two", timedelta(0), frozenset(["/a", "/b"]))
                with suppress(Exception):  # a store with one writer at a time cannot say now
                    table = await asyncio.to_thread(other.change_shards, "billing", two.changes)
                    holders = {name: each.holder for name, each in table.shards.items()}
        except LeaseLostError:
            assert holders == {"/a": "two", "/b": "two"}
            assert store.get("billing", "/a") is None
        else:
            assert holders in ({}, {"/a": "one", "/b": "two"})
            assert store.get("billing", "/a") == Position(3, NOON)
        await aclose(store)

    with opened(make, 2) as (store, other):
        if isinstance(store, ShardStore) and isinstance(other, ShardStore):
            silent = ShardRequest("one", timedelta(0), frozenset(["/a", "/b"]))
            held = store.change_shards("billing", silent.changes).shards
            asyncio.run(transact(store, other, ShardTerms([held["/a"]], _MINUTE)))


def _take(store: ShardStore, subscription: str) -> None:
    """Another replica gets a shard."""
    request = ShardRequest("two", _MINUTE)

    def change(table: ShardTable) -> ShardChanges:
        taken = Shard(subscription, "two", table.shards[subscription].number + 1, table.read_at)
        return ShardChanges(request.changes(table).members, (), [taken])

    store.change_shards("billing", change)


def _refused(store: ShardStore, moved: dict[str, Position], terms: ShardTerms) -> tuple[str | None, str | None]:
    try:
        store.fenced_set("billing", moved, lambda _: moved, shards=terms)
    except LeaseLostError as error:
        return error.holder, error.subscription
    raise AssertionError("the commit was not refused")
