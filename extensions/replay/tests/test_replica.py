"""Replicas of one consumer: one is active, the others stand by, and the work goes over without loss."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import pytest

from extensions.replay.tests.leased_store import LeasedStore
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.errors import UsageError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import Lease, LeaseLostError, MemoryStore, Replay

if TYPE_CHECKING:
    from pybayeux import AsyncClient, Message

LENGTH = 30.0


class Replica:
    """A replica that handles orders from the moment when it is active.

    Args:
        server: The server.
        shared: A store that has the content.

    Attributes:
        store: Its own way to the store.
        handled: The numbers of the orders that it handled.
        changes: The numbers of the leases that it got, and None for each that it lost.
    """

    def __init__(self, server: ReplayingServer, shared: LeasedStore) -> None:
        self.store = LeasedStore(shared)
        self.replay = Replay(self.store, since="earliest", consumer="billing", lease=LENGTH)
        self.handled: list[int] = []
        self.changes: list[int | None] = []
        self._server = server
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None
        self.client: AsyncClient

    @hookimpl
    def lease_changed(self, lease: Lease | None) -> None:
        self.changes.append(None if lease is None else lease.number)

    async def __aenter__(self) -> Self:
        self.client = await self._stack.enter_async_context(client_of(self._server, self.replay, self, queue_size=50))
        self._task = asyncio.create_task(self._work())
        return self

    async def _work(self) -> None:
        await self.client.subscribe("/orders", self._handle)

    def _handle(self, event: Message) -> None:
        self.handled.append(event.data["number"])

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
        await self._stack.aclose()

    @property
    def is_active(self) -> bool:
        return self.replay.lease is not None


def _position(store: LeasedStore) -> int | None:
    position = store.get("billing", "/orders")
    return None if position is None else position.replay_id


@in_virtual_time
async def test_one_is_active_and_hands_over_at_once_when_it_ends() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as first:
        await asyncio.sleep(1)
        async with Replica(server, shared) as second:
            server.publish("/orders", 0, 1)
            await asyncio.sleep(100)
            assert (first.handled, second.handled) == ([0, 1], [])
            assert (first.is_active, second.is_active) == (True, False)
            assert server.asked == [{"/orders": -2}]  # the one that stands by asks for nothing
            await first.__aexit__()
            server.publish("/orders", 2)
            await asyncio.sleep(1)
            assert second.is_active
            assert second.handled == [2]
            assert server.asked[1:] == [{"/orders": 20}]
    assert (first.changes, second.changes) == ([1], [2])
    assert _position(shared) == 30


@in_virtual_time
async def test_another_one_takes_over_within_the_lease_where_the_first_is_cut_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, shared = ReplayingServer(at_once=1), LeasedStore()
    with caplog.at_level(logging.INFO, "pybayeux.replay"):
        async with Replica(server, shared) as first:
            await asyncio.sleep(1)
            async with Replica(server, shared) as second:
                server.publish("/orders", 0)
                await asyncio.sleep(1)
                first.store.is_lost = True
                server.publish("/orders", 1)
                await asyncio.sleep(1)
                assert first.handled == [0, 1]  # the second one is not stored
                await asyncio.sleep(LENGTH)
                assert second.handled == [1]
                server.publish("/orders", 2, 3)
                await asyncio.sleep(10)
                assert first.handled == [0, 1]  # it is in doubt
                assert second.handled == [1, 2, 3]
                first.store.is_lost = False
                await asyncio.sleep(10)
                assert not first.is_active
                assert _position(shared) == 40
                await second.__aexit__()
                server.publish("/orders", 4)
                await asyncio.sleep(1)
                assert first.handled == [0, 1, 4]
    assert first.changes == [1, None, 3]
    assert second.changes == [2]
    assert "the lease of 'billing' could not be renewed in time" in caplog.messages


@in_virtual_time
async def test_doubt_ends_where_no_other_replica_took_over() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as only:
        await asyncio.sleep(1)
        only.store.is_lost = True
        await asyncio.sleep(LENGTH + 1)
        server.publish("/orders", *range(10))
        await asyncio.sleep(600)
        assert only.handled == []
        only.store.is_lost = False
        await asyncio.sleep(5)
        assert only.handled == list(range(10))
        assert only.changes == [1]
    assert _position(shared) == 100


@in_virtual_time
async def test_a_client_that_was_closed_in_doubt_gets_events_when_it_starts_again() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as only:
        await asyncio.sleep(1)
        only.store.is_lost = True
        await asyncio.sleep(LENGTH + 1)
        await only.client.close()
        only.store.is_lost = False
        await only.client.start()
        await only.client.subscribe("/orders", only._handle)
        server.publish("/orders", 0, 1)
        await asyncio.sleep(5)
        assert only.handled == [0, 1]


@in_virtual_time
async def test_a_commit_that_is_refused_has_the_replica_stand_by() -> None:
    server, shared = ReplayingServer(at_once=1), LeasedStore()
    async with Replica(server, shared) as first:
        await asyncio.sleep(1)
        lease = shared.leases["billing"]
        shared.release_lease("billing", lease)  # as after a pause that it did not notice
        async with Replica(server, shared) as second:
            await asyncio.sleep(1)
            assert second.is_active
            server.publish("/orders", 0)
            await asyncio.sleep(0.1)
            assert not first.is_active
            await asyncio.sleep(60)
            assert (first.changes, second.changes) == ([1, None], [2])
            assert second.handled == [0]


@in_virtual_time
async def test_a_transaction_under_a_lost_lease_raises_and_the_next_subscribe_waits() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH)
    async with client_of(server, replay) as client:
        events = await client.subscribe("/orders", ack="manual")
        server.publish("/orders", 0, 1)
        first, second = await anext(events), await anext(events)
        async with Replica(server, shared) as other:
            shared.release_lease("billing", shared.leases["billing"])
            await asyncio.sleep(1)
            for event in (first, second):
                with pytest.raises(LeaseLostError, match="the lease of consumer 'billing' is lost to"):
                    async with event.transaction():
                        raise AssertionError("not entered")
            await events.unsubscribe()
            again = asyncio.ensure_future(client.subscribe("/orders", ack="manual"))
            await asyncio.sleep(100)
            assert not again.done()
            assert other.handled == [0, 1]
        events = await again
        server.publish("/orders", 2)
        event = await anext(events)
        assert event.data["number"] == 2
        async with event.transaction():
            pass
    assert _position(shared) == 30


@in_virtual_time
async def test_what_was_received_and_not_handled_is_left_to_the_new_holder() -> None:
    server, shared, gate = ReplayingServer(), LeasedStore(), asyncio.Event()
    handled: list[int] = []

    async def handle(event: Message) -> None:
        await gate.wait()
        handled.append(event.data["number"])

    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH)
    async with client_of(server, replay) as client:
        await client.subscribe("/orders", handle)
        server.publish("/orders", *range(5))
        await asyncio.sleep(LENGTH)
        assert shared.leases["billing"].waiting == 5
        shared.release_lease("billing", shared.leases["billing"])
        async with Replica(server, shared) as other:
            await asyncio.sleep(LENGTH)
            assert other.handled == list(range(5))
            gate.set()
            await asyncio.sleep(LENGTH)
            assert handled == [0]  # what it had in hand
        server.publish("/orders", 5)
        await asyncio.sleep(LENGTH)
        assert handled == [0, 5]


@pytest.mark.parametrize("store", ["memory", "positions.json", MemoryStore()])
def test_a_lease_needs_a_store_in_a_database(store: Any) -> None:
    with pytest.raises(UsageError, match=r"lease: (Memory|File)Store keeps no leases"):
        Replay(store, lease=30)


def test_a_lease_is_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="lease: expected a time longer than 0"):
        Replay("positions.db", lease=0)
