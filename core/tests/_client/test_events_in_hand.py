from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import ReceiverError, UsageError

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux._client.event_queue import EventQueue


class Order(msgspec.Struct):
    number: int


# -- events that do not fit


class Keeper:
    """Keeps dead letters in memory, or refuses them."""

    def __init__(self, place: str | None = "a box") -> None:
        self.place = place
        self.kept: list[Any] = []

    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        self.kept.append(message.data)
        return self.place


async def numbers_of(events: EventQueue[Any], way: str) -> list[int]:
    """What three events come to, one of which may not fit."""
    if way == "loop":
        return [event.data.number async for event in events]
    seen = []
    while taken := await events.take(1 if way == "one" else 9):
        seen += [event.data.number for event in taken]
        await events.in_hand.finish(99)
    return seen


def send_orders(probe: DispatcherProbe, events: EventQueue[Any]) -> None:
    probe.send("/a", {"number": 1}, {"number": "two", "event": {"replayId": 22}}, {"number": 3})
    asyncio.get_running_loop().call_later(1, events.end)


in_every_way = pytest.mark.parametrize("way", ["loop", "one", "many"])


@in_every_way
@in_virtual_time
async def test_an_event_that_does_not_fit_is_skipped(way: str) -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", type=Order, on_error="skip")
    send_orders(probe, events)
    assert await numbers_of(events, way) == [1, 3]
    [error] = probe.reported
    assert isinstance(error, ReceiverError)
    assert (error.channel, error.replay_id) == ("/a", 22)
    assert "on replay id 22" in str(error)
    assert [message.data["number"] for message in probe.messages] == [1, "two", 3]


@in_every_way
@in_virtual_time
async def test_an_event_that_does_not_fit_becomes_a_dead_letter(way: str) -> None:
    keeper = Keeper()
    probe = DispatcherProbe(keeper=keeper)
    events = probe.subscribe("/a", type=Order, on_error="dead_letter")
    send_orders(probe, events)
    assert await numbers_of(events, way) == [1, 3]
    assert [letter["number"] for letter in keeper.kept] == ["two"]
    assert [message.data["number"] for message in probe.messages] == [1, "two", 3]


@in_every_way
@pytest.mark.parametrize("policy", ["raise", "retry", "dead_letter"])
@in_virtual_time
async def test_an_event_that_does_not_fit_is_raised_after_those_before_it(way: str, policy: str) -> None:
    probe = DispatcherProbe(keeper=Keeper(place=None))
    events = probe.subscribe("/a", type=Order, on_error=policy)
    send_orders(probe, events)
    with pytest.raises(ReceiverError, match="on replay id 22: ValidationError") as raised:
        await numbers_of(events, way)
    assert raised.value.replay_id == 22
    assert [message.data["number"] for message in probe.messages] == [1]


@in_virtual_time
async def test_an_event_that_is_skipped_is_acknowledged() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", type=Order, on_error="skip", ack="manual")
    probe.send("/a", "no order", {"number": 1})
    event = await anext(events)
    assert probe.delivered == ["no order"]
    await event.ack()
    assert probe.delivered == ["no order", {"number": 1}]


@in_virtual_time
async def test_an_event_that_does_not_fit_counts_as_handled_if_the_subscription_is_manual_and_skips() -> None:
    probe = DispatcherProbe(slow=True)
    events = probe.subscribe("/a", type=Order, on_error="skip", ack="manual")
    probe.send("/a", "no order", {"number": 1})
    await anext(events)
    assert probe.delivered == ["no order"], "what an asynchronous hook leaves is awaited"


@pytest.mark.parametrize("data", [1, None, {"event": 5}, {"event": {"replayId": "x"}}, {"event": {}}])
@in_virtual_time
async def test_not_every_event_has_a_replay_id(data: object) -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", type=Order)
    probe.send("/a", data)
    with pytest.raises(ReceiverError) as raised:
        await anext(events)
    assert raised.value.replay_id is None
    assert "replay" not in str(raised.value)


# -- acknowledging


@in_virtual_time
async def test_positions_advance_over_an_unbroken_prefix() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", ack="manual")
    probe.send("/a", 1, 2, 3)
    first, second, third = [await anext(events) for _ in range(3)]
    assert probe.delivered == []
    await third.ack()
    await second.ack()
    assert probe.delivered == []
    await first.ack()
    await first.ack()
    assert probe.delivered == [1, 2, 3]


@in_virtual_time
async def test_leaving_the_block_acknowledges_nothing() -> None:
    probe = DispatcherProbe()
    async with probe.subscribe("/a", ack="manual") as events:
        probe.send("/a", 1)
        event = await anext(events)
    await event.ack()
    assert probe.delivered == []


@in_virtual_time
async def test_several_receivers_acknowledge_each_for_itself() -> None:
    probe = DispatcherProbe()
    manual, other = probe.subscribe("/a", ack="manual"), probe.subscribe("/a")
    probe.send("/a", 1)
    event, same = await anext(manual), await anext(other)
    with pytest.raises(UsageError):
        same.ack()
    await event.ack()
    assert probe.delivered == []
    await other.in_hand.finish(1)
    assert probe.delivered == [1]


# -- what a receiver in another thread gives up


@in_virtual_time
async def test_a_receiver_that_goes_away_has_handled_the_first_of_its_events() -> None:
    probe = DispatcherProbe()
    events, other = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1, 2)
    for each in (events, other):
        await each.take(2)
    await events.in_hand.abandon(1)
    assert (probe.delivered, len(events.in_hand)) == ([], 0)
    await other.in_hand.abandon(0)
    assert probe.delivered == [1], "the second one was handled by none"


# -- transactions


@in_virtual_time
async def test_an_event_has_the_transaction_of_an_extension() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", ack="manual")
    probe.send("/a", 1)
    event = await anext(events)
    with pytest.raises(UsageError, match="no extension has a transaction for this event of /a"):
        events.in_hand.transaction(event)
    probe.transaction = nullcontext()
    assert events.in_hand.transaction(event) is probe.transaction
