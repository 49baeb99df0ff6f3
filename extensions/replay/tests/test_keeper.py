"""A client whose event loop ended without `close`, and that starts again on another one, asks for its lease again."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from extensions.replay.tests.leased_store import LeasedStore, now
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux.testing.virtual_time import VirtualTimeLoop
from pybayeux_replay import Lease, Member, Replay, Shard, ShardTable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pybayeux import AsyncClient

LENGTH = 30.0
OTHER = "another"


def _cancelled(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """As `asyncio.run` ends a loop: with its tasks."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work())


def _closed(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """As a program ends its own loop: its tasks never end."""
    loop = VirtualTimeLoop()
    loop.run_until_complete(work())
    left = asyncio.all_tasks(loop)
    loop.close()
    for task in left:
        setattr(task, "_log_destroy_pending", False)  # noqa: B010 - no public way to say so
        task.get_coro().close()


class Scenario:
    """One client, which is started on one event loop after the other.

    Attributes:
        server: The server.
        store: The store.
        handled: The numbers of the orders that were handled.
        holders: Who held the lease or the channel, in each life of the client.
    """

    def __init__(self, *, shard: bool) -> None:
        self.server = ReplayingServer()
        self.store = LeasedStore()
        self.replay = Replay(self.store, since="earliest", consumer="billing", lease=LENGTH, shard=shard)
        self.handled: list[int] = []
        self.holders: list[str | None] = []
        self._shard = shard
        self._published = 0
        self._client: AsyncClient = client_of(self.server, self.replay)
        self._subscribing: asyncio.Task[None] | None = None

    @property
    def holds(self) -> bool:
        """Whether the replica holds what the store says that it holds."""
        if self._shard:
            table = self.store.shards("billing")
            return self.replay.shards == {"/orders": table.shards["/orders"]} and bool(table.live)
        lease = self.store.leases["billing"]
        return self.replay.lease is not None and lease.is_same_term(self.replay.lease) and lease.expires_at > now()

    async def start(self) -> None:
        """Handle an order, and never close the client."""
        await self._begin()
        assert self.handled == [0]
        assert self.holds
        self.holders.append(self._holder)

    async def start_again(self) -> None:
        """Handle another order, and hold what was held for long."""
        await self._begin()
        assert self.handled == list(range(self._published))
        await asyncio.sleep(3 * LENGTH)
        assert self.holds
        self.holders.append(self._holder)
        await self._client.close()

    async def start_after_expiry(self) -> None:
        """Handle another order, when what was held has expired."""
        self.give_to(None)
        await self.start_again()

    async def stand_by(self) -> None:
        """Have another replica hold what was held: nothing is asked of the server, and nothing is handled."""
        asked = len(self.server.asked)
        self.give_to(OTHER)
        await self._begin()
        assert self.handled == [0]
        assert len(self.server.asked) == asked
        assert (self.replay.lease, self.replay.shards) == (None, {})
        self.give_to(None)
        await asyncio.sleep(LENGTH)
        assert self.handled[-1] == 1
        await self._client.close()

    async def close(self) -> None:
        """Close the client, and start it again."""
        self.server.move_here()
        await self._client.close()
        await self.start_again()

    @property
    def _holder(self) -> str | None:
        return (
            self.store.shards("billing").shards["/orders"].holder
            if self._shard
            else self.store.leases["billing"].holder
        )

    async def _begin(self) -> None:
        self.server.move_here()
        await self._client.start()
        self._subscribing = asyncio.create_task(self._subscribe())  # which waits while it stands by
        await asyncio.sleep(2)
        self.server.publish("/orders", self._published)
        self._published += 1
        await asyncio.sleep(2)

    async def _subscribe(self) -> None:
        await self._client.subscribe("/orders", lambda event: self.handled.append(event.data["number"]))

    def give_to(self, name: str | None) -> None:
        """Have another replica hold everything, or none."""
        moment = now()
        later = moment if name is None else moment.replace(year=2030)
        self.store.leases["billing"] = Lease(OTHER, 7, moment, later, moment)
        members = {OTHER: Member(OTHER, moment, later)}
        self.store.tables["billing"] = ShardTable(moment, members, {"/orders": Shard("/orders", name, 7, moment)})


End: TypeAlias = "Callable[[Callable[[], Coroutine[Any, Any, None]]], None]"

ENDS = pytest.mark.parametrize("end", [_cancelled, _closed])
KINDS = pytest.mark.parametrize("shard", [False, True])


@ENDS
@KINDS
def test_what_is_held_is_kept_on_the_next_event_loop(shard: bool, end: End) -> None:
    scenario = Scenario(shard=shard)
    end(scenario.start)
    _cancelled(scenario.start_again)
    assert scenario.store.items("billing")["/orders"].replay_id == 20


@ENDS
@KINDS
def test_nothing_is_handled_on_the_next_event_loop_that_another_replica_has_taken_over(shard: bool, end: End) -> None:
    scenario = Scenario(shard=shard)
    end(scenario.start)
    _cancelled(scenario.stand_by)


@ENDS
@KINDS
def test_a_client_is_closed_on_the_next_event_loop_and_starts_again(shard: bool, end: End) -> None:
    scenario = Scenario(shard=shard)
    end(scenario.start)
    _cancelled(scenario.close)


@KINDS
def test_a_replica_has_another_name_in_a_process_that_was_forked(shard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario(shard=shard)
    _cancelled(scenario.start)
    _cancelled(scenario.start_after_expiry)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    _cancelled(scenario.start_after_expiry)
    first, second, forked = scenario.holders
    assert first == second != forked
