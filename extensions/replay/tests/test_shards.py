"""The division of channels: what one member asks for, and where many of them end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux_replay import LeaseLostError, Shard, ShardTable, ShardTerms
from pybayeux_replay.shards import ShardRequest, check_shards, score

if TYPE_CHECKING:
    from collections.abc import Collection

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LENGTH = timedelta(seconds=30)

members = st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=8)
channels = st.sets(st.text(min_size=1, max_size=12).map(lambda text: f"/{text}"), min_size=1, max_size=30)


def _division(names: Collection[str], subscriptions: Collection[str]) -> dict[str, str]:
    return {each: max(names, key=lambda name: score(name, each)) for each in subscriptions}


@given(names=members, new=st.text(min_size=9, max_size=9), subscriptions=channels)
def test_a_member_that_joins_takes_only_what_it_then_holds_and_gives_only_that_back(
    names: set[str], new: str, subscriptions: set[str]
) -> None:
    before, after = _division(names, subscriptions), _division(names | {new}, subscriptions)
    moved = {each for each in subscriptions if before[each] != after[each]}
    assert moved == {each for each in subscriptions if after[each] == new}


def test_a_thousand_channels_are_divided_evenly_over_eight_members() -> None:
    names = [f"host:{number}:{number:08x}" for number in range(8)]
    held = Counter(_division(names, [f"/event/Order_{number}__e" for number in range(1000)]).values())
    assert min(held.values()) > 125 * 0.75
    assert max(held.values()) < 125 * 1.25


class World:
    """A table, and members that ask in turn, each for all channels, at once finished with what others claim."""

    def __init__(self, subscriptions: Collection[str]) -> None:
        self.table = ShardTable(NOON)
        self._wanted = frozenset(subscriptions)

    def ask(self, name: str, *, leaves: bool = False) -> None:
        held = self.table.held_by(name).values()
        finished = [each for each in held if each.claimant in self.table.live]
        request = ShardRequest(name, LENGTH, frozenset() if leaves else self._wanted, finished, leaves=leaves)
        self.table = self.table.after(request.changes(self.table))

    def wait(self, time: timedelta) -> None:
        self.table = replace(self.table, read_at=self.table.read_at + time)

    def settle(self, names: Collection[str]) -> None:
        for _ in range(4):
            self.wait(timedelta(seconds=1))
            for name in sorted(names):
                self.ask(name)

    def holders(self) -> dict[str, str | None]:
        return {name: each.holder for name, each in self.table.shards.items()}


@given(subscriptions=channels, steps=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["die", "leave"]))))
def test_each_channel_ends_at_the_live_member_with_the_highest_score(
    subscriptions: set[str], steps: list[tuple[str, str]]
) -> None:
    world, live = World(subscriptions), {"a"}
    world.settle(live)
    assert world.holders() == dict.fromkeys(subscriptions, "a")
    for name, end in steps:
        before = world.table
        if name not in live:
            live.add(name)
        elif len(live) > 1:
            live.discard(name)
            if end == "leave":
                world.ask(name, leaves=True)
            else:
                world.wait(LENGTH * 2 / 3)
                world.settle(live)
                world.wait(LENGTH * 2 / 3)
        world.settle(live)
        assert world.holders() == _division(live, subscriptions)
        assert set(world.table.members) == live
        for each in subscriptions:
            old, new = before.shards[each], world.table.shards[each]
            assert old.is_same_term(new) or new.number > old.number


def test_a_channel_goes_to_its_claimant_only_when_its_holder_has_finished() -> None:
    world = World(["/a"])
    world.ask("one")
    other = next(name for name in "abcdefgh" if score(name, "/a") > score("one", "/a"))
    world.ask(other)
    assert world.table.shards["/a"] == Shard("/a", "one", 1, NOON, claimant=other)
    world.wait(LENGTH / 2)
    world.table = world.table.after(ShardRequest("one", LENGTH, frozenset(["/a"])).changes(world.table))
    world.ask(other)
    assert world.holders() == {"/a": "one"}
    world.ask("one")
    assert world.table.shards["/a"] == Shard("/a", other, 2, NOON + LENGTH / 2)


def test_a_channel_that_its_first_member_does_not_want_goes_to_another_one_after_the_lease() -> None:
    world = World(["/a"])
    first = next(name for name in "abcdefgh" if score(name, "/a") > score("one", "/a"))
    wants_nothing = ShardRequest(first, LENGTH)
    for _ in range(6):
        world.table = world.table.after(wants_nothing.changes(world.table))
        world.ask("one")
        assert world.holders() == {"/a": None}
        world.wait(LENGTH / 6)
    world.ask("one")
    assert world.holders() == {"/a": "one"}


def test_a_commit_names_shards_that_are_held() -> None:
    stored = {"/a": Shard("/a", "one", 3, NOON), "/b": Shard("/b", "two", 1, NOON)}
    claimed = {"/a": replace(stored["/a"], claimant="two")}
    check_shards("billing", ShardTerms([stored["/a"]], LENGTH), claimed)
    for lost in (Shard("/b", "one", 1, NOON), Shard("/a", "one", 2, NOON), Shard("/c", "one", 1, NOON)):
        with pytest.raises(LeaseLostError, match=f"the lease of {lost.subscription} of consumer 'billing' is lost"):
            check_shards("billing", ShardTerms([stored["/a"], lost], LENGTH), stored)
