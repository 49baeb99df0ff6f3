"""Subscriptions over lost sessions and restarts, with each setting, in a real client."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.replaying_server import Recorder, ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.errors import SubscribeError, TransportError
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_replay import Gap, GapReason, MemoryStore, Position, Replay, left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux import Subscription

NOW = datetime.fromtimestamp(Clock()._epoch, UTC)
HOUR = timedelta(hours=1)


class CountingStore(MemoryStore):
    """Records each commit."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[dict[str, int]] = []

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        self.commits.append({name: each.replay_id for name, each in positions.items() if isinstance(each, Position)})
        super().set(consumer, positions)


class Org:
    @hookimpl
    def replay_origin(self) -> str:
        return "00D1/CS42"


async def _take(events: Subscription, count: int) -> list[int]:
    return [(await anext(events)).data["number"] for _ in range(count)]


async def _lose_session(server: ReplayingServer) -> None:
    server.forget()
    await Clock().advance(60)


@in_virtual_time
async def test_a_new_session_goes_on_after_the_last_handled_event() -> None:
    server, gaps = ReplayingServer(), list[Gap]()
    async with client_of(server, Replay(on_gap=gaps.append)) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0, 1)
        assert await _take(events, 2) == [0, 1]
        server.forget()
        server.publish("/orders", 2)
        assert await _take(events, 1) == [2]
    assert server.asked == [{"/orders": -1}, {"/orders": 20}]
    assert gaps == []


@in_virtual_time
async def test_a_new_session_that_goes_on_with_new_events_has_a_gap() -> None:
    server, gaps = ReplayingServer(), list[Gap]()
    async with client_of(server, Replay(on_recovery="latest", on_gap=gaps.append)) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0, 1)
        assert await _take(events, 2) == [0, 1]
        server.forget()
        server.publish("/orders", 2)
        await Clock().advance(60)
        server.publish("/orders", 3)
        assert await _take(events, 1) == [3]
        (gap,) = gaps
        assert (gap.reason, gap.resumes_at) == (GapReason.SKIPPED, "latest")
        assert gap.position is not None
        assert gap.position.replay_id == 10  # event 1 was still in hand
    assert server.asked == [{"/orders": -1}, {"/orders": -1}]


@in_virtual_time
async def test_the_next_run_resumes_whatever_on_recovery_says() -> None:
    server, store, gaps = ReplayingServer(), MemoryStore(), list[Gap]()
    for expected in (0, 1):
        replay = Replay(store, since="earliest", on_recovery="latest", on_gap=gaps.append)
        server.publish("/orders", expected)
        async with client_of(server, replay) as client, client.subscribe("/orders") as events:
            assert await _take(events, 1) == [expected]
    assert server.asked == [{"/orders": -2}, {"/orders": 10}]
    assert gaps == []


@in_virtual_time
async def test_if_nothing_was_received_yet_a_new_session_has_a_gap() -> None:
    server, gaps = ReplayingServer(), list[Gap]()
    async with client_of(server, Replay(on_gap=gaps.append)) as client:
        await client.subscribe("/orders")
        await _lose_session(server)
        assert [(gap.reason, gap.position, gap.resumes_at) for gap in gaps] == [(GapReason.SKIPPED, None, "latest")]


@in_virtual_time
async def test_events_under_way_do_not_overtake_those_that_a_channel_gets_again() -> None:
    server = ReplayingServer()
    async with client_of(server, Replay(since="earliest")) as client:
        async with client.subscribe("/orders", ack="manual") as events:
            server.publish("/orders", 0)
            await anext(events)  # not acknowledged
        server.publish("/orders", 1, 2)
        assert client.client_id is not None
        server._sessions[client.client_id].events.append(server._log[-1])  # sent before the channel was left
        async with client.subscribe("/orders") as events:
            assert await _take(events, 3) == [0, 1, 2]


@in_virtual_time
async def test_a_channel_that_was_left_with_everything_handled_comes_back_in_the_same_session() -> None:
    server = ReplayingServer()
    async with client_of(server, Replay(since="earliest")) as client:
        session = client.client_id
        for number in range(3):
            async with client.subscribe("/orders", ack="manual") as events:
                server.publish("/orders", number)
                event = await anext(events)
                await event.ack()
                assert event.data["number"] == number
        assert client.client_id == session


@in_virtual_time
async def test_memory_of_left_channels_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left, "_MAX_LEFT", 3)
    server, replay = ReplayingServer(), Replay(since="earliest")
    async with client_of(server, replay) as client:
        for number in range(10):
            async with client.subscribe(f"/orders/{number}"):
                pass
        assert list(replay._subscriptions._left.names) == [f"/orders/{number}" for number in (7, 8, 9)]


@in_virtual_time
async def test_a_second_subscription_to_a_channel_has_no_gap() -> None:
    server, gaps = ReplayingServer(), list[Gap]()
    async with client_of(server, Replay(on_gap=gaps.append)) as client:
        for _ in range(2):
            async with client.subscribe("/orders"):
                pass
    assert gaps == []


@in_virtual_time
async def test_a_subscription_that_began_at_the_earliest_and_got_nothing_begins_there_again() -> None:
    gaps: list[Gap] = []
    for retention, expected in ((HOUR, []), (None, [GapReason.EXPIRED]), (timedelta(seconds=20), [GapReason.EXPIRED])):
        server = ReplayingServer()
        replay = Replay(since="earliest", on_gap=gaps.append, retention=retention, clock=Clock())
        gaps.clear()
        async with client_of(server, replay) as client:
            await client.subscribe("/orders")
            await Clock().advance(90)
            server.fail(*[TransportError("away", unsent=True)] * 12)
            await Clock().advance(300)
            await _lose_session(server)
        assert [gap.reason for gap in gaps] == expected


@in_virtual_time
async def test_a_refusal_in_a_recovery_ends_the_subscription_if_the_policy_is_to_raise() -> None:
    server, recorder = ReplayingServer(retention=1), Recorder()
    async with client_of(server, Replay(since="earliest", on_invalid="raise"), recorder) as client:
        doomed, other = await client.subscribe("/orders"), await client.subscribe("/cases")
        server.publish("/orders", 0, 1)
        assert await _take(doomed, 2) == [0, 1]
        server.forget()
        server.publish("/cases", 2)
        assert await _take(other, 1) == [2]
        with pytest.raises(SubscribeError, match="replayId"):
            await anext(doomed)
        server.publish("/cases", 3)
        assert await _take(other, 1) == [3]


@in_virtual_time
async def test_a_position_older_than_the_retention_is_not_tried() -> None:
    server, store, gaps = ReplayingServer(), MemoryStore(), list[Gap]()
    server.publish("/orders", 0, 1)
    for age, asked in ((3 * HOUR, -2), (HOUR, 10)):
        store.set("default", {"/orders": Position(10, NOW, event_time=NOW - age)})
        gaps.clear()
        replay = Replay(store, retention=2 * HOUR, on_gap=gaps.append, clock=Clock())
        async with client_of(server, replay) as client:
            await client.subscribe("/orders")
        assert server.asked[-1] == {"/orders": asked}
        assert [gap.reason for gap in gaps] == ([GapReason.EXPIRED] if asked == -2 else [])


@in_virtual_time
async def test_if_the_policy_is_to_raise_a_position_is_tried_however_old_it_is() -> None:
    server, store = ReplayingServer(), MemoryStore()
    server.publish("/orders", 0, 1)
    store.set("default", {"/orders": Position(10, NOW - 9 * HOUR)})
    async with client_of(server, Replay(store, retention=HOUR, on_invalid="raise", clock=Clock())) as client:
        events = await client.subscribe("/orders")
        assert await _take(events, 1) == [1]  # it was not purged yet
    store.set("default", {"/orders": Position(11, NOW - 9 * HOUR)})
    async with client_of(server, Replay(store, retention=HOUR, on_invalid="raise", clock=Clock())) as client:
        with pytest.raises(SubscribeError, match="replayId"):
            await client.subscribe("/orders")


@in_virtual_time
async def test_a_function_chooses_where_to_go_on() -> None:
    def decide(gap: Gap) -> Any:
        asked.append(gap)
        return 20

    server, store, asked, reported = ReplayingServer(), MemoryStore(), list[Gap](), list[Gap]()
    server.publish("/orders", 0, 1, 2)
    store.set("default", {"/orders": 7})
    async with client_of(server, Replay(store, on_invalid=decide, on_gap=reported.append)) as client:
        events = await client.subscribe("/orders")
        assert await _take(events, 1) == [2]
    assert (asked[0].resumes_at, reported[0].resumes_at) == (None, 20)
    assert server.asked == [{"/orders": 7}, {"/orders": 20}]


@in_virtual_time
async def test_if_the_function_fails_the_subscriber_gets_the_refusal() -> None:
    def decide(gap: Gap) -> Any:
        raise LookupError("no idea")

    server, store, recorder = ReplayingServer(), MemoryStore(), Recorder()
    store.set("default", {"/orders": 7})
    async with client_of(server, Replay(store, on_invalid=decide), recorder) as client:
        with pytest.raises(SubscribeError, match="replayId"):
            await client.subscribe("/orders")
    assert any("no idea" in str(error) for error in recorder.failures)


@in_virtual_time
async def test_handled_events_do_not_come_again_if_the_numbering_is_known_to_be_the_same() -> None:
    server, gaps = ReplayingServer(), list[Gap]()
    async with client_of(server, Replay(since="earliest", on_gap=gaps.append), Org()) as client:
        events = await client.subscribe("/orders")
        server.publish("/orders", 0, 1, 2)
        assert await _take(events, 2) == [0, 1]
        server.refuse_next("/meta/subscribe", "400::The replayId {10} you provided was invalid")
        server.forget()
        server.publish("/orders", 3)
        assert await _take(events, 2) == [2, 3]
        await Clock().advance(60)
        assert events.pending == 0
    assert [gap.reason for gap in gaps] == [GapReason.EXPIRED]


@pytest.mark.parametrize(("dedupe", "again"), [(10_000, []), (0, [0, 1])])
def test_an_own_id_is_recognised_in_any_numbering(dedupe: int, again: list[int]) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server = ReplayingServer()
        async with client_of(server, Replay(since="earliest", dedupe=dedupe)) as client:
            events = await client.subscribe("/event/Order__e")
            server.publish("/event/Order__e", 0, 1, has_uuid=True)
            assert await _take(events, 2) == [0, 1]
            waiting = asyncio.create_task(_take(events, 1 + len(again)))
            await Clock().settle()  # both are handled
            server.refuse_next("/meta/subscribe", "400::The replayId {20} you provided was invalid")
            server.forget()
            await Clock().advance(60)
            server.publish("/event/Order__e", 2, has_uuid=True)
            assert await waiting == [*again, 2]

    scenario()


# -- when positions are stored


async def _handled(store: CountingStore, batches: list[list[int]], commit: Any) -> None:
    """Publish batches of events, which are handled one by one, a second each."""
    server = ReplayingServer()
    async with client_of(server, Replay(store, since="earliest", commit=commit)) as client:
        enough = asyncio.Event()

        async def handle(event: Any) -> None:
            await asyncio.sleep(1)
            if event.data["number"] == batches[-1][-1]:
                enough.set()

        await client.subscribe("/orders", handle)
        for batch in batches:
            server.publish("/orders", *batch)
            await Clock().settle()
        await enough.wait()
        await Clock().settle()


@pytest.mark.parametrize(
    ("commit", "expected"),
    [("event", [10, 20, 30, 40, 50]), ("batch", [20, 50]), (2.5, [30, 50]), ("transaction", [10, 20, 30, 40, 50])],
)
def test_positions_are_stored_as_often_as_commit_says(commit: Any, expected: list[int]) -> None:
    store = CountingStore()
    in_virtual_time(_handled)(store, [[0, 1], [2, 3, 4]], commit)
    assert [each["/orders"] for each in store.commits] == expected


@pytest.mark.parametrize(("commit", "kept"), [("event", 20), ("batch", 20), (1000.0, 20), ("transaction", 20)])
def test_close_stores_what_is_handled(commit: Any, kept: int) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server, store = ReplayingServer(), MemoryStore()
        async with (
            client_of(server, Replay(store, since="earliest", commit=commit)) as client,
            client.subscribe("/orders") as events,
        ):
            server.publish("/orders", 0, 1, 2)
            assert await _take(events, 2) == [0, 1]
        position = store.get("default", "/orders")
        assert position is not None
        assert position.replay_id == kept

    scenario()


@in_virtual_time
async def test_close_stores_no_part_of_a_transaction() -> None:
    server, store = ReplayingServer(), MemoryStore()
    async with (
        client_of(server, Replay(store, since="earliest", commit="transaction")) as client,
        client.subscribe("/data/ChangeEvents") as events,
    ):
        server.publish("/data/ChangeEvents", 0, 1, transaction="t1")
        server.publish("/data/ChangeEvents", 2, 3, transaction="t2")
        assert await _take(events, 4) == [0, 1, 2, 3]
    position = store.get("default", "/data/ChangeEvents")
    assert position is not None
    assert position.replay_id == 20
    async with client_of(server, Replay(store, commit="transaction")) as client:
        events = await client.subscribe("/data/ChangeEvents")
        assert await _take(events, 2) == [2, 3]


@in_virtual_time
async def test_two_filters_of_one_topic_do_not_disturb_each_other() -> None:
    server, store = ReplayingServer(), MemoryStore()
    high, low = "/topic/Cases?Priority=High", "/topic/Cases?Priority=Low"
    for expected in ([0, 2], [3]), ([4], [5]):
        async with (
            client_of(server, Replay(store, since="earliest")) as client,
            client.subscribe(high) as urgent,
            client.subscribe(low) as other,
        ):
            if expected == ([0, 2], [3]):
                server.publish(high, 0)
                server.publish(low, 1)
                server.publish(high, 2)
                assert await _take(other, 1) == [1]
                server.publish(low, 3)
            else:
                server.publish(high, 4)
                server.publish(low, 5)
            assert (await _take(urgent, len(expected[0])), await _take(other, len(expected[1]))) == expected
            server.forget()
    kept = {name: each.replay_id for name, each in store.items("default").items()}
    assert kept == {high: 50, low: 60}
    assert [each["/topic/Cases"] for each in server.asked] == [-2, -2, 30, 40]
