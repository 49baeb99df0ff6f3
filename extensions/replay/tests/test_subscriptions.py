from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.outages import outage
from extensions.replay.tests.simulation import event, subscribe
from pybayeux import Message
from pybayeux_replay import MemoryStore, Position
from pybayeux_replay import subscriptions as subscriptions_module
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.resumption import ReplayContext, Resumption
from pybayeux_replay.subscriptions import ChannelIndex, Subscriptions

if TYPE_CHECKING:
    import pytest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTEXT = ReplayContext(NOON, None, announced=True)


def _subscriptions(
    kept: dict[str, int] | None = None, grouping: Grouping = Grouping.EACH, **options: Any
) -> tuple[Subscriptions, PositionWriter, MemoryStore]:
    store = MemoryStore()
    store.set("default", {name: Position(number, NOON) for name, number in (kept or {}).items()})
    writer = PositionWriter(lambda: store, "default", lambda: NOON, outage())
    return Subscriptions(Policies(**options), writer, grouping=grouping, remembered=10), writer, store


def _ask(subscriptions: Subscriptions, *names: str) -> dict[str, int]:
    message = subscribe(names[0])
    message.subscription = list(names)
    return subscriptions.on_subscribe(message, CONTEXT)


def test_each_channel_of_a_subscribe_has_its_place() -> None:
    subscriptions, _, _ = _subscriptions({"/orders": 17}, since={"/cases": "earliest"})
    assert _ask(subscriptions, "/orders", "/cases", "/leads", "/service/x") == {
        "/orders": 17,
        "/cases": -2,
        "/leads": -1,
    }
    assert [each.subscription for each in subscriptions] == ["/orders", "/cases", "/leads"]


def test_filters_of_one_topic_in_one_subscribe_share_the_earliest_place() -> None:
    topic, kept = "/topic/T", {"/topic/T?a=1": 30, "/topic/T?a=2": 20}
    subscriptions, _, _ = _subscriptions(kept)
    assert _ask(subscriptions, *kept) == {topic: 20}
    assert _ask(subscriptions, *kept, "/topic/T?a=3") == {topic: 20}  # that one begins at the latest
    assert _ask(_subscriptions(kept, since="earliest")[0], *kept, "/topic/T?a=3") == {topic: -2}


def test_a_batch_ends_with_the_turn_of_the_event_loop_in_which_it_came() -> None:
    async def scenario() -> None:
        subscriptions, writer, _ = _subscriptions(grouping=Grouping.BATCH)
        _ask(subscriptions, "/orders")
        batches = [[event("/orders", 1), event("/orders", 2)], [event("/orders", 3)]]
        for batch in batches:
            for each in batch:
                assert subscriptions.receive(each)
            await asyncio.sleep(0)
        committed = []
        for each in [*batches[0], *batches[1]]:
            subscriptions.handle(each)
            newest = writer.newest("/orders")
            committed.append(newest and newest.replay_id)
        assert committed == [None, 2, 3]
        await writer.close()

    asyncio.run(scenario())


def test_a_partly_handled_batch_is_stored_when_its_receivers_are_gone() -> None:
    async def scenario() -> None:
        subscriptions, writer, store = _subscriptions(grouping=Grouping.BATCH)
        _ask(subscriptions, "/orders")
        events = [event("/orders", 1), event("/orders", 2)]
        for each in events:
            subscriptions.receive(each)
        await asyncio.sleep(0)
        subscriptions.handle(events[0])
        (only,) = subscriptions
        subscriptions.close(only)
        await writer.close()
        kept = store.get("default", "/orders")
        assert kept is not None
        assert kept.replay_id == 1

    asyncio.run(scenario())


def test_messages_of_no_subscription_are_new() -> None:
    subscriptions, _, _ = _subscriptions()
    assert subscriptions.receive(event("/elsewhere", 1))
    assert not subscriptions.has_private
    assert subscriptions.receive(Message(channel="/service/call", data={}, id="7"))  # an answer
    assert not subscriptions.has_private
    assert subscriptions.receive(Message(channel="/service/listener", data={}))
    assert subscriptions.has_private


def test_events_without_an_id_are_noticed_and_not_looked_into_if_replay_is_not_announced() -> None:
    for announced in (False, True):
        subscriptions, _, _ = _subscriptions()
        subscriptions.on_handshake(announced=announced)
        _ask(subscriptions, "/orders")
        assert subscriptions.receive(Message(channel="/orders", data={}))
        (only,) = subscriptions
        assert only.is_unnumbered
        subscriptions.receive(event("/orders", 1))
        assert only.window.is_untouched is not announced


# -- from a channel to its subscriptions


def _index(*subscriptions: str) -> ChannelIndex:
    index = ChannelIndex()
    for name in subscriptions:
        index.add(Resumption(name, Policies(), None, grouping=Grouping.EACH, remembered=0))
    return index


def _names(index: ChannelIndex, channel: str) -> list[str]:
    return [each.subscription for each in index.covering(channel)]


def test_events_belong_to_the_subscriptions_that_cover_their_channel() -> None:
    index = _index("/orders/*", "/orders/a", "/**", "/cases")
    assert _names(index, "/orders/a") == ["/orders/*", "/orders/a", "/**"]
    assert _names(index, "/leads") == ["/**"]
    assert _names(index, "/service/orders") == []
    assert _names(_index("/cases"), "/orders") == []


def test_events_of_a_filtered_topic_may_come_without_the_filter() -> None:
    index = _index("/topic/T?a=1", "/topic/T?a=2")
    assert _names(index, "/topic/T?a=1") == ["/topic/T?a=1"]
    assert _names(index, "/topic/T") == ["/topic/T?a=1", "/topic/T?a=2"]


def test_the_cache_is_valid_until_subscriptions_change() -> None:
    index = _index("/orders")
    (only,) = index.covering("/orders")
    index.ignore("/cases")
    assert set(index.cache) == {"/orders", "/cases"}
    index.remove(only)
    assert index.cache == {}
    assert index.get("/orders") is None
    assert _names(index, "/orders") == []
    index.ignore("/orders")
    index.cache.clear()
    assert index.cache == {}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions_module, "_MAX_CACHED", 2)
    index = _index("/**")
    for number in range(5):
        assert _names(index, f"/orders/{number}") == ["/**"]
    assert len(index.cache) <= 2
    index.clear()
    assert list(index) == []
