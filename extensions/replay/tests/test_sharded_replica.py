"""Replicas of one consumer that share its channels: each channel is handled by one of them, whoever comes and goes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import pytest

from extensions.replay.tests.leased_store import LeasedStore
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.errors import UsageError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import LeaseLostError, Replay, Shard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux import AsyncClient, Message
    from pybayeux_replay.policies import CommitMode

LENGTH = 30.0
CHANNELS = [f"/orders/{number}" for number in range(20)]


class Replica:
    """A replica that handles the orders of its channels.

    Args:
        server: The server.
        shared: A store that has the content.

    Attributes:
        store: Its own way to the store.
        handled: The numbers of the orders that it handled, by channel.
        changes: How many channels it had after each change.
        gate: Its handlers wait until this is set, as it is at first.
    """

    def __init__(self, server: ReplayingServer, shared: LeasedStore, **options: Any) -> None:
        self.store = LeasedStore(shared)
        self.replay = Replay(self.store, since="earliest", consumer="billing", lease=LENGTH, shard=True, **options)
        self.handled: dict[str, list[int]] = defaultdict(list)
        self.changes: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._server = server
        self._stack = AsyncExitStack()
        self.client: AsyncClient

    @hookimpl
    def shards_changed(self, shards: Mapping[str, Shard]) -> None:
        self.changes.append(len(shards))

    async def __aenter__(self) -> Self:
        self.client = await self._stack.enter_async_context(client_of(self._server, self.replay, self))
        for channel in CHANNELS:
            await self.client.subscribe(channel, self._handle)  # which does not wait for the channel
        return self

    async def _handle(self, event: Message) -> None:
        await self.gate.wait()
        self.handled[event.channel].append(event.data["number"])

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        await self._stack.aclose()

    @property
    def channels(self) -> set[str]:
        return set(self.replay.shards)


def _publish(server: ReplayingServer, *numbers: int) -> None:
    for number in numbers:
        for channel in CHANNELS:
            server.publish(channel, number)


def _handled(*replicas: Replica) -> dict[str, list[int]]:
    """What all of them handled, in order; each channel is to be handled by one at a time."""
    together: dict[str, list[int]] = defaultdict(list)
    for replica in replicas:
        for channel, numbers in replica.handled.items():
            together[channel] += numbers
    return {channel: sorted(numbers) for channel, numbers in together.items()}


def _all(*numbers: int) -> dict[str, list[int]]:
    return {channel: list(numbers) for channel in CHANNELS}


@in_virtual_time
async def test_channels_are_divided_as_replicas_come_and_go() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as one:
        await asyncio.sleep(2)
        assert one.channels == set(CHANNELS)
        _publish(server, 0)
        await asyncio.sleep(1)
        assert one.handled == _all(0)
        async with Replica(server, shared) as two, Replica(server, shared) as three:
            await asyncio.sleep(5)
            parts = [one.channels, two.channels, three.channels]
            assert sorted(channel for part in parts for channel in part) == sorted(CHANNELS)
            assert all(parts)
            assert all(each.client.healthy for each in (one, two, three))
            _publish(server, 1)
            await asyncio.sleep(1)
            assert [set(two.handled), set(three.handled)] == parts[1:]
            before = one.channels | two.channels
            await three.__aexit__()
            await asyncio.sleep(1)  # at once
            assert one.channels | two.channels == set(CHANNELS)
            assert before < set(CHANNELS)
            assert one.channels >= parts[0]
            assert two.channels >= parts[1], "only the channels of the one that left have moved"
            _publish(server, 2)
            await asyncio.sleep(1)
        assert _handled(one, two, three) == _all(0, 1, 2)
    assert {name: each.replay_id for name, each in shared.items("billing").items()} == {
        channel: (2 * len(CHANNELS) + number + 1) * 10 for number, channel in enumerate(CHANNELS)
    }


@in_virtual_time
async def test_the_server_is_asked_for_the_channels_of_a_replica_alone() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as one, Replica(server, shared) as two:
        await asyncio.sleep(5)
        parts = {each.client_id: each.subscriptions for each in server._sessions.values()}
        assert parts == {each.client.client_id: each.channels for each in (one, two)}


@in_virtual_time
async def test_the_channels_of_one_that_is_cut_off_go_to_the_others_within_the_lease() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as one, Replica(server, shared) as two:
        await asyncio.sleep(5)
        _publish(server, 0)
        await asyncio.sleep(1)
        cut_off = one.channels
        one.store.is_lost = True
        await asyncio.sleep(LENGTH + 1)
        assert two.channels == set(CHANNELS)
        _publish(server, 1)
        await asyncio.sleep(5)
        assert two.handled == {channel: [1] if channel in cut_off else [0, 1] for channel in CHANNELS}
        assert one.handled == {channel: [0] for channel in cut_off}, "it is in doubt"
        one.store.is_lost = False
        await asyncio.sleep(5)
        assert one.channels == cut_off, "the same channels come back"
        _publish(server, 2)
        await asyncio.sleep(5)
        assert _handled(one, two) == _all(0, 1, 2)


@pytest.mark.parametrize("commit", ["event", "batch", 5.0])
@in_virtual_time
async def test_a_channel_moves_only_when_what_is_in_hand_is_stored(commit: CommitMode) -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared, commit=commit) as one:
        await asyncio.sleep(2)
        one.gate.clear()
        _publish(server, 0, 1)
        await asyncio.sleep(1)
        async with Replica(server, shared) as two:
            await asyncio.sleep(3 * LENGTH)
            assert one.channels == set(CHANNELS), "its handlers are at work"
            assert two.handled == {}
            one.gate.set()
            await asyncio.sleep(10)
            assert one.channels | two.channels == set(CHANNELS)
            assert two.channels
            assert two.handled == {channel: [1] for channel in two.channels}
            assert _handled(one, two) == _all(0, 1)


@pytest.mark.parametrize("commit", ["event", "batch", 5.0])
@in_virtual_time
async def test_a_channel_that_the_program_leaves_moves_only_when_what_is_in_hand_is_stored(commit: CommitMode) -> None:
    server, shared, channel = ReplayingServer(), LeasedStore(), CHANNELS[0]
    async with Replica(server, shared, commit=commit) as one:
        await asyncio.sleep(2)
        one.gate.clear()
        server.publish(channel, 0, 1)
        await asyncio.sleep(1)
        async with Replica(server, shared) as two:
            await one.client.unsubscribe(channel)
            await asyncio.sleep(3 * LENGTH)
            assert (channel in one.channels, two.handled) == (True, {}), "its handler is at work"
            one.gate.set()
            await asyncio.sleep(LENGTH + 10)
            assert channel in two.channels
            assert (one.handled[channel], two.handled[channel]) == ([0], [1])


@pytest.mark.parametrize("commit", ["event", "batch", 5.0])
@in_virtual_time
async def test_the_channels_of_one_that_ends_move_only_when_what_is_in_hand_is_stored(commit: CommitMode) -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared, commit=commit) as one:
        await asyncio.sleep(2)
        one.gate.clear()
        _publish(server, 0, 1)
        await asyncio.sleep(1)
        async with Replica(server, shared) as two:
            closing = asyncio.create_task(one.client.close())
            await asyncio.sleep(5)
            assert two.handled == {}, "handlers are at work"
            one.gate.set()
            await closing
            await asyncio.sleep(5)
            assert one.handled == _all(0)
            assert two.handled == _all(1)


@in_virtual_time
async def test_a_channel_that_the_program_leaves_moves_when_a_loop_has_finished_its_event() -> None:
    server, shared, channel = ReplayingServer(), LeasedStore(), "/orders"
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    other = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    handled: list[int] = []
    async with client_of(server, replay) as client, client_of(server, other) as another:
        events = await client.subscribe(channel)
        server.publish(channel, 0, 1)
        assert (await anext(events)).data["number"] == 0
        await another.subscribe(channel, lambda event: handled.append(event.data["number"]))
        await events.unsubscribe()
        await asyncio.sleep(LENGTH)
        assert (set(replay.shards), handled) == ({channel}, [])
        assert [event async for event in events] == []  # the loop asks for the next one: the first is handled
        await asyncio.sleep(LENGTH + 5)
        assert (set(other.shards), handled) == ({channel}, [1])


@in_virtual_time
async def test_a_channel_that_the_program_leaves_moves_when_nobody_can_finish_its_event_any_more() -> None:
    server, shared, channel = ReplayingServer(), LeasedStore(), "/orders"
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    async with client_of(server, replay) as client:
        events = await client.subscribe(channel)
        server.publish(channel, 0)
        await anext(events)
        await events.unsubscribe()
        await asyncio.sleep(5)
        assert set(replay.shards) == {channel}
        del events
        await asyncio.sleep(5)
        assert set(replay.shards) == set()


@in_virtual_time
async def test_a_channel_that_the_program_leaves_moves_when_its_transaction_has_ended() -> None:
    server, shared, channel = ReplayingServer(), LeasedStore(), "/orders"
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    other = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    handled: list[int] = []
    async with client_of(server, replay) as client, client_of(server, other) as another:
        events = await client.subscribe(channel, ack="manual")
        server.publish(channel, 0, 1)
        async with (await anext(events)).transaction():
            await another.subscribe(channel, lambda event: handled.append(event.data["number"]))
            await events.unsubscribe()
            await asyncio.sleep(LENGTH)
            assert (set(replay.shards), handled) == ({channel}, [])
        await asyncio.sleep(LENGTH + 5)
        assert (set(other.shards), handled) == ({channel}, [1])


@in_virtual_time
async def test_a_transaction_under_a_lost_shard_raises_and_the_other_channels_go_on() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    async with client_of(server, replay) as client:
        lost, kept = await client.subscribe("/lost", ack="manual"), await client.subscribe("/kept", ack="manual")
        server.publish("/lost", 0)
        server.publish("/kept", 1)
        of_lost, of_kept = await anext(lost), await anext(kept)
        table = shared.tables["billing"]
        taken = Shard("/lost", "another", 7, table.read_at)
        shared.tables["billing"] = type(table)(table.read_at, table.members, {**table.shards, "/lost": taken})
        with pytest.raises(LeaseLostError, match="the lease of /lost of consumer 'billing' is lost to another"):
            async with of_lost.transaction():
                raise AssertionError("not entered")
        async with of_kept.transaction():
            pass
        assert set(replay.shards) == {"/kept"}
    assert set(shared.items("billing")) == {"/kept"}


@in_virtual_time
async def test_an_event_from_before_a_channel_was_lost_is_not_booked_when_the_channel_is_back() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    replay = Replay(LeasedStore(shared), since="earliest", consumer="billing", lease=LENGTH, shard=True)
    async with client_of(server, replay) as client:
        moved, slow = await client.subscribe("/moved", ack="manual"), await client.subscribe("/slow", ack="manual")
        server.publish("/moved", 0)
        server.publish("/slow", 1)
        of_moved, of_slow = await anext(moved), await anext(slow)

        async def book() -> None:
            async with of_moved.transaction():
                raise AssertionError("another replica has booked it")

        async with of_slow.transaction():  # the other one has to wait for its end
            booking = asyncio.create_task(book())
            await asyncio.sleep(1)
            for name, number in (("another", 7), (None, 7)):
                table = shared.tables["billing"]
                shard = Shard("/moved", name, number, table.read_at)
                shared.tables["billing"] = type(table)(table.read_at, table.members, {**table.shards, "/moved": shard})
                await asyncio.sleep(5)
            assert replay.shards["/moved"].number == 8
        with pytest.raises(LeaseLostError):
            await booking


@in_virtual_time
async def test_a_channel_that_only_one_replica_wants_goes_to_it() -> None:
    server, shared = ReplayingServer(), LeasedStore()
    async with Replica(server, shared) as one, Replica(server, shared) as two, Replica(server, shared) as three:
        news = [f"/news/{number}" for number in range(10)]
        for channel in news:
            await two.client.subscribe(channel, two._handle)
        await asyncio.sleep(LENGTH + 5)
        assert two.channels >= set(news)
        assert one.channels | two.channels | three.channels == {*CHANNELS, *news}
        await two.client.unsubscribe(CHANNELS[0])
        await asyncio.sleep(LENGTH + 5)
        assert CHANNELS[0] in one.channels | three.channels


def test_it_takes_a_lease_and_a_database() -> None:
    with pytest.raises(ValueError, match="shard: expected lease as well"):
        Replay("positions.db", shard=True)
    with pytest.raises(UsageError, match="shard: MemoryStore cannot divide channels"):
        Replay("memory", shard=True, lease=30)
