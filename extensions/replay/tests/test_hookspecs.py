"""The hooks of this package, implemented by other extensions, in a real client."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import BayeuxClient, hookimpl
from pybayeux.errors import BayeuxError, ExtensionError, ExtensionHookError, SubscribeError
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_replay import Gap, GapReason, MemoryStore, Position, Replay, Stall, Stores

if TYPE_CHECKING:
    from pybayeux import AsyncClient, Subscription


class Listener:
    """Records gaps."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []


class SyncListener(Listener):
    @hookimpl
    def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)


class AsyncListener(Listener):
    @hookimpl
    async def gap(self, gap: Gap, client: AsyncClient) -> None:
        await asyncio.sleep(5)
        assert client.url
        self.gaps.append(gap)


class Org:
    """Knows the org."""

    def __init__(self, name: str | None = "00D1/CS42") -> None:
        self.name = name

    @hookimpl(optionalhook=True)
    def replay_origin(self) -> str | None:
        return self.name


async def _take(events: Subscription, count: int) -> list[int]:
    return [(await anext(events)).data["number"] for _ in range(count)]


async def _lose_session(server: ReplayingServer) -> None:
    server.forget()
    await Clock().advance(60)


@pytest.mark.parametrize("kind", [SyncListener, AsyncListener])
def test_a_gap_is_reported_when_the_server_has_granted_what_comes_after_it(kind: type[Listener]) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server, listener, store, heard = ReplayingServer(retention=2), kind(), MemoryStore(), list[Gap]()
        store.set("default", {"/orders": 7})
        server.publish("/orders", 0, 1, 2)
        async with client_of(server, Replay(store, on_gap=heard.append), listener) as client:
            events = await client.subscribe("/orders")
            assert await _take(events, 2) == [1, 2]
            await Clock().advance(10)
        (gap,) = listener.gaps
        assert heard == [gap]
        assert (gap.subscription, gap.reason, gap.resumes_at) == ("/orders", GapReason.EXPIRED, "earliest")
        assert gap.position is not None
        assert gap.position.replay_id == 7
        assert gap.age is not None
        assert timedelta() <= gap.age < timedelta(minutes=1)
        assert server.asked == [{"/orders": 7}, {"/orders": -2}]

    scenario()


@in_virtual_time
async def test_a_gap_without_a_granted_subscription_is_not_reported() -> None:
    server, listener, store = ReplayingServer(), SyncListener(), MemoryStore()
    store.set("default", {"/orders": 7})
    server.refuse_next("/meta/subscribe", "400::The replayId {7} you provided was invalid")
    server.refuse_next("/meta/subscribe", "403::Organization total events daily limit exceeded")
    async with client_of(server, Replay(store), listener) as client:
        with pytest.raises(SubscribeError, match="daily limit"):
            await client.subscribe("/orders")
        assert listener.gaps == []
        kept = store.get("default", "/orders")
        assert kept is not None
        assert kept.replay_id == 7


@in_virtual_time
async def test_listeners_that_fail_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def fail_later(gap: Gap) -> None:
        raise LookupError(gap.subscription)

    def fail(gap: Gap) -> None:
        raise ZeroDivisionError

    for listener in (fail, fail_later):
        server, store = ReplayingServer(), MemoryStore()
        store.set("default", {"/orders": 7})
        async with client_of(server, Replay(store, on_gap=listener)) as client:
            events = await client.subscribe("/orders")
            server.publish("/orders", 0)
            assert await _take(events, 1) == [0]
    assert sum("on_gap failed" in record.getMessage() for record in caplog.records) == 2


@in_virtual_time
async def test_a_position_of_another_org_is_not_tried() -> None:
    server, store, listener = ReplayingServer(), MemoryStore(), SyncListener()
    server.publish("/orders", 0)
    async with (
        client_of(server, Replay(store, since="earliest"), Org(), listener) as client,
        client.subscribe("/orders") as events,
    ):
        assert await _take(events, 1) == [0]
    kept = store.get("default", "/orders")
    assert kept is not None
    assert kept.org == "00D1/CS42"
    async with client_of(server, Replay(store), Org("00D1/CS7"), listener) as client:
        events = await client.subscribe("/orders")
        assert await _take(events, 1) == [0]
    assert server.asked == [{"/orders": -2}, {"/orders": -2}]
    assert [(gap.reason, gap.position) for gap in listener.gaps] == [(GapReason.FOREIGN, kept)]


@in_virtual_time
async def test_if_the_org_is_unknown_the_position_is_tried() -> None:
    for first, second in ((None, "00D1/CS7"), ("00D1/CS42", None), ("00D1/CS42", "00D1/CS42")):
        server, store, listener = ReplayingServer(), MemoryStore(), SyncListener()
        server.publish("/orders", 0, 1)
        for org in (first, second):
            async with (
                client_of(server, Replay(store, since="earliest"), Org(org), listener) as client,
                client.subscribe("/orders") as events,
            ):
                await anext(events)
        assert server.asked == [{"/orders": -2}, {"/orders": 10}]
        assert listener.gaps == []
        kept = store.get("default", "/orders")
        assert kept is not None
        assert kept.org == (second or first)


@in_virtual_time
async def test_a_foreign_position_is_an_error_if_the_policy_is_to_raise() -> None:
    server, store, listener = ReplayingServer(), MemoryStore(), SyncListener()
    server.publish("/orders", 0)
    async with (
        client_of(server, Replay(store, since="earliest"), Org()) as client,
        client.subscribe("/orders") as events,
    ):
        await anext(events)
    async with client_of(server, Replay(store, on_invalid="raise"), Org("other"), listener) as client:
        with pytest.raises(BayeuxError, match="/orders: position 10 is of another org"):
            await client.subscribe("/orders")
    assert listener.gaps == []


@in_virtual_time
async def test_a_move_within_a_run_ends_the_subscription_if_the_policy_is_to_raise() -> None:
    server, org = ReplayingServer(), Org()
    async with client_of(server, Replay(on_invalid="raise"), org) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0)
        assert await _take(events, 1) == [0]
        org.name = "00D1/CS7"
        await _lose_session(server)
        with pytest.raises(BayeuxError, match="/orders: what was received is of another org"):
            await anext(events)


@in_virtual_time
async def test_a_move_within_a_run_starts_over_and_confuses_no_ids() -> None:
    server, org, listener = ReplayingServer(), Org(), SyncListener()
    async with client_of(server, Replay(), org, listener) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0, 1)
        assert await _take(events, 2) == [0, 1]
        org.name = "00D1/CS7"
        await _lose_session(server)
        # Everything comes again: the ids of before say nothing of what these events are.
        assert await _take(events, 2) == [0, 1]
    assert [gap.reason for gap in listener.gaps] == [GapReason.FOREIGN]


class Shelf:
    """An extension with a kind of store."""

    def __init__(self) -> None:
        self.boxes: dict[str, MemoryStore] = {}

    @hookimpl(optionalhook=True)
    def register_stores(self, stores: Stores) -> None:
        stores.add("shelf", lambda name: self.boxes.setdefault(name, MemoryStore()))


@in_virtual_time
async def test_a_third_party_store_is_found_by_its_scheme() -> None:
    server, shelf = ReplayingServer(), Shelf()
    server.publish("/orders", 0)
    async with (
        client_of(server, Replay("shelf://cellar/3", since="earliest"), shelf) as client,
        client.subscribe("/orders") as events,
    ):
        await anext(events)
    kept = shelf.boxes["shelf://cellar/3"].get("default", "/orders")
    assert kept is not None
    assert kept.replay_id == 10


@in_virtual_time
async def test_an_unknown_scheme_is_an_error_of_subscribe() -> None:
    server = ReplayingServer()
    async with client_of(server, Replay("shelf://cellar/3")) as client:
        with pytest.raises(ExtensionHookError, match=r"no store for shelf://: expected one of file, memory, sqlite"):
            await client.subscribe("/orders")


@in_virtual_time
async def test_the_low_level_client_has_these_hooks_too() -> None:
    server, shelf, listener = ReplayingServer(retention=1), Shelf(), SyncListener()
    server.publish("/orders", 0, 1)
    shelf.boxes["shelf://x"] = MemoryStore()
    shelf.boxes["shelf://x"].set("default", {"/orders": 7})
    extensions: list[Any] = [Replay("shelf://x"), shelf, listener, Org(), server]
    async with BayeuxClient("http://bayeux.test/cometd", discover=False, extensions=extensions) as client:
        await client.handshake()
        with pytest.raises(SubscribeError):
            await client.subscribe(["/orders"])
        await client.subscribe(["/orders"])
        assert server.asked == [{"/orders": 7}, {"/orders": -2}]
        assert [gap.reason for gap in listener.gaps] == [GapReason.EXPIRED]
        await client.subscribe(["/orders"])
        assert len(listener.gaps) == 1
        await client.disconnect()


def test_the_hooks_are_checked_like_those_of_the_core() -> None:
    class Wrong:
        @hookimpl
        def gap(self, hole: Gap) -> None: ...

    with pytest.raises(ExtensionError, match="hole"):
        client_of(ReplayingServer(), Replay(), Wrong())


class Alarm:
    """Records stalls."""

    def __init__(self) -> None:
        self.heard: list[Stall] = []


class SyncAlarm(Alarm):
    @hookimpl
    def stalled(self, stall: Stall) -> None:
        self.heard.append(stall)


class AsyncAlarm(Alarm):
    @hookimpl
    async def stalled(self, stall: Stall, client: AsyncClient) -> None:
        assert client.url
        self.heard.append(stall)


@pytest.mark.parametrize("kind", [SyncAlarm, AsyncAlarm])
def test_a_stall_and_its_end_are_reported_to_extensions(kind: type[Alarm]) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server, alarm, clock = ReplayingServer(), kind(), Clock()
        replay = Replay(since="earliest", stalled_after=60, clock=clock)
        async with client_of(server, replay, alarm) as client:
            await client.subscribe("/orders", lambda event: None)
            for number in range(15):
                server.publish("/orders", number)
                await clock.advance(20)
            assert alarm.heard == []
            await clock.advance(100)
            assert [(stall.subscription, stall.is_over) for stall in alarm.heard] == [("/orders", False)]
            assert (client.health.live, client.healthy) == (True, False)
            assert str(client.health.inactive["/orders"]) == str(alarm.heard[0])
            server.publish("/orders", 15)
            await clock.advance(60)
            assert client.healthy
            assert [stall.is_over for stall in alarm.heard] == [False, True]
            await clock.advance(600)
            assert len(alarm.heard) == 2  # a channel has to speak for a while before it is usual again

    scenario()


class StoreListener:
    """Records the positions that were stored."""

    def __init__(self) -> None:
        self.stored: list[int] = []

    @hookimpl
    def positions_stored(self, positions: dict[str, Position]) -> None:
        assert list(positions) == ["/orders"]
        self.stored.append(positions["/orders"].replay_id)


@in_virtual_time
async def test_stored_positions_are_told() -> None:
    server, listener = ReplayingServer(), StoreListener()
    async with client_of(server, Replay(MemoryStore(), since="earliest"), listener) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0, 1)
        await _take(events, 2)
        await events.finish(2)
        await Clock().advance(1)
    assert listener.stored[-1] == max(listener.stored)
    assert len(listener.stored) == len(set(listener.stored))
