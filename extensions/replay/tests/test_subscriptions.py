from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.outages import outage
from extensions.replay.tests.simulation import event
from pybayeux import Message
from pybayeux_replay import MemoryStore, Position
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.position_writer import PositionWriter
from pybayeux_replay.resumption import ReplayContext
from pybayeux_replay.subscriptions import LONG_RUN, RUN, Subscriptions
from pybayeux_replay.unstored import UnstoredLimit

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTEXT = ReplayContext(NOON, None, announced=True)


def _subscriptions(
    kept: dict[str, int] | None = None,
    grouping: Grouping = Grouping.EACH,
    ask_again: Callable[[str], None] = lambda _: None,
    store: MemoryStore | None = None,
    most_unstored: int | None = None,
    **options: Any,
) -> tuple[Subscriptions, PositionWriter, MemoryStore]:
    store = store or MemoryStore()
    store.set("default", {name: Position(number, NOON) for name, number in (kept or {}).items()})
    limit = UnstoredLimit(most_unstored)
    writer = PositionWriter(lambda: store, "default", lambda: NOON, outage(), unstored=limit)
    made = Subscriptions(Policies(**options), writer, grouping=grouping, remembered=10, ask_again=ask_again)
    return made, writer, store


def _ask(subscriptions: Subscriptions, *names: str) -> dict[str, int]:
    return subscriptions.on_subscribe(names, CONTEXT)


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
            await asyncio.sleep(0)
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


class BlockingStore(MemoryStore):
    """A store for which receivers may have to wait."""

    blocking = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("store", "most_unstored", "run"),
    [(MemoryStore(), None, LONG_RUN), (MemoryStore(), 32, LONG_RUN), (BlockingStore(), 32, RUN)],
)
def test_handled_events_are_noted_together_in_the_next_turn_or_when_there_are_many(
    store: MemoryStore, most_unstored: int | None, run: int
) -> None:
    async def scenario() -> None:
        subscriptions, writer, _ = _subscriptions(store=store, most_unstored=most_unstored)
        _ask(subscriptions, "/orders")
        events = [event("/orders", number) for number in range(1, 2 * run + 3)]
        for each in events:
            subscriptions.receive(each)
        for each in events:
            subscriptions.handle(each)
        assert writer.newest("/orders") == Position(2 * run, NOON)
        await asyncio.sleep(0)
        assert writer.newest("/orders") == Position(2 * run + 2, NOON)
        await writer.close()

    asyncio.run(scenario())


def test_what_depends_on_handled_events_knows_them_at_once() -> None:
    async def scenario() -> None:
        subscriptions, writer, _ = _subscriptions()
        _ask(subscriptions, "/orders")
        for replay_id in (1, 2):
            each = event("/orders", replay_id)
            subscriptions.receive(each)
            subscriptions.handle(each)
            assert _ask(subscriptions, "/orders") == {"/orders": replay_id}
        await writer.close()

    asyncio.run(scenario())


def test_events_that_were_given_up_are_asked_for_when_the_turn_ends() -> None:
    async def scenario() -> None:
        asked: list[str] = []
        subscriptions, writer, _ = _subscriptions(since="earliest", ask_again=asked.append)
        _ask(subscriptions, "/orders")
        first, second = event("/orders", 1), event("/orders", 2)
        for each in (first, second):
            subscriptions.receive(each)
        subscriptions.handle(second)
        assert subscriptions.unhandled == 0
        assert asked == []  # in the midst of something else, such as a subscribe that leaves
        await asyncio.sleep(0)
        assert asked == ["/orders"]
        await writer.close()

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
