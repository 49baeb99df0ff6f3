from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from extensions.replay.tests.simulation import event, subscribe
from pybayeux import Message
from pybayeux_replay import MemoryStore, Position
from pybayeux_replay.commit import Grouping
from pybayeux_replay.ledger import Ledger
from pybayeux_replay.policies import Policies
from pybayeux_replay.resumption import Present
from pybayeux_replay.subscriptions import Subscriptions

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRESENT = Present(NOON, None, None, announced=True)


def _subscriptions(
    kept: dict[str, int] | None = None, grouping: Grouping = Grouping.EACH, **options: Any
) -> tuple[Subscriptions, Ledger, MemoryStore]:
    store = MemoryStore()
    store.set("default", {name: Position(number, NOON) for name, number in (kept or {}).items()})
    ledger = Ledger(lambda: store, "default", lambda: NOON)
    return Subscriptions(Policies(**options), ledger, grouping=grouping, remembered=10), ledger, store


def _ask(subscriptions: Subscriptions, *names: str) -> dict[str, int]:
    message = subscribe(names[0])
    message.subscription = list(names)
    return subscriptions.ask(message, PRESENT)


def test_each_channel_of_a_subscribe_has_its_place() -> None:
    subscriptions, _, _ = _subscriptions({"/orders": 17}, since={"/cases": "earliest"})
    assert _ask(subscriptions, "/orders", "/cases", "/leads", "/service/x") == {
        "/orders": 17,
        "/cases": -2,
        "/leads": -1,
    }
    assert [each.window.subscription for each in subscriptions] == ["/orders", "/cases", "/leads"]


def test_filters_of_one_topic_in_one_subscribe_begin_at_the_earliest_of_their_places() -> None:
    topic, kept = "/topic/T", {"/topic/T?a=1": 30, "/topic/T?a=2": 20}
    subscriptions, _, _ = _subscriptions(kept)
    assert _ask(subscriptions, *kept) == {topic: 20}
    assert _ask(subscriptions, *kept, "/topic/T?a=3") == {topic: 20}  # that one begins at the latest
    assert _ask(_subscriptions(kept, since="earliest")[0], *kept, "/topic/T?a=3") == {topic: -2}


def test_a_batch_ends_with_the_turn_of_the_event_loop_in_which_it_came() -> None:
    async def scenario() -> None:
        subscriptions, ledger, _ = _subscriptions(grouping=Grouping.BATCH)
        _ask(subscriptions, "/orders")
        batches = [[event("/orders", 1), event("/orders", 2)], [event("/orders", 3)]]
        for batch in batches:
            for each in batch:
                assert subscriptions.receive(each)
            await asyncio.sleep(0)
        committed = []
        for each in [*batches[0], *batches[1]]:
            subscriptions.handle(each)
            newest = ledger.newest("/orders")
            committed.append(newest and newest.replay_id)
        assert committed == [None, 2, 3]
        await ledger.close()

    asyncio.run(scenario())


def test_a_batch_that_is_handled_in_part_is_stored_so_when_its_receivers_go() -> None:
    async def scenario() -> None:
        subscriptions, ledger, store = _subscriptions(grouping=Grouping.BATCH)
        _ask(subscriptions, "/orders")
        events = [event("/orders", 1), event("/orders", 2)]
        for each in events:
            subscriptions.receive(each)
        await asyncio.sleep(0)
        subscriptions.handle(events[0])
        (only,) = subscriptions
        subscriptions.close(only, PRESENT)
        await ledger.close()
        kept = store.get("default", "/orders")
        assert kept is not None
        assert kept.replay_id == 1

    asyncio.run(scenario())


def test_what_is_not_followed_is_everybody_s() -> None:
    subscriptions, _, _ = _subscriptions()
    assert subscriptions.receive(event("/elsewhere", 1))
    assert not subscriptions.has_private
    assert subscriptions.receive(Message(channel="/service/call", data={}, id="7"))  # an answer
    assert not subscriptions.has_private
    assert subscriptions.receive(Message(channel="/service/alarm", data={}))
    assert subscriptions.has_private


def test_events_without_an_id_are_noticed_and_not_looked_into_where_nobody_spoke_of_replay() -> None:
    for announced in (False, True):
        subscriptions, _, _ = _subscriptions()
        subscriptions.handshaken(announced=announced)
        _ask(subscriptions, "/orders")
        assert subscriptions.receive(Message(channel="/orders", data={}))
        (only,) = subscriptions
        assert only.is_unnumbered
        assert subscriptions.windows_of("/orders") == ([only.window] if announced else [])
        subscriptions.receive(event("/orders", 1))
        assert only.window.is_untouched is not announced
