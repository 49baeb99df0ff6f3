from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._client.dispatcher import Router
from pybayeux._client.event_queue import EventQueue
from pybayeux.errors import ClientStateError, ReceiverError, SessionEndedError, UsageError

if TYPE_CHECKING:
    from pybayeux import Message


class Order(msgspec.Struct):
    number: int


# -- iterating


@in_virtual_time
async def test_events_come_in_order() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2)
    assert [(await anext(events)).data, (await anext(events)).data] == [1, 2]


@in_virtual_time
async def test_an_event_is_handled_when_the_loop_asks_for_the_next() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2, 3)
    seen: list[Any] = []
    async for event in events:
        assert probe.delivered == seen
        seen.append(event.data)
        if event.data == 3:
            break
    assert probe.delivered == [1, 2]
    await events.unsubscribe()


@in_virtual_time
async def test_a_loop_left_and_entered_again_goes_on() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2)
    async for event in events:
        assert event.data == 1
        break
    async for event in events:
        assert event.data == 2
        break
    assert probe.delivered == [1]


@in_virtual_time
async def test_leaving_the_block_handles_the_last_event() -> None:
    probe = DispatcherProbe()
    async with probe.subscribe("/a") as events:
        probe.send("/a", 1, 2)
        assert (await anext(events)).data == 1
    assert probe.delivered == [1]
    assert events.closed
    assert probe.left == [events]


@in_virtual_time
async def test_leaving_the_block_with_an_exception_handles_nothing() -> None:
    probe = DispatcherProbe()
    with pytest.raises(KeyError):
        async with probe.subscribe("/a") as events:
            probe.send("/a", 1)
            await anext(events)
            raise KeyError
    assert probe.delivered == []
    assert probe.dispatcher.waiting == 0


@in_virtual_time
async def test_without_an_observer_no_event_is_reported() -> None:
    probe = DispatcherProbe(observed=False)
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2)
    async for event in events:
        if event.data == 2:
            break
    await events.unsubscribe()
    assert probe.delivered == []


@in_virtual_time
async def test_reporting_may_be_asynchronous() -> None:
    probe = DispatcherProbe(slow=True)
    async with probe.subscribe("/a") as events:
        probe.send("/a", 1, 2, 3)
        async for event in events:
            if event.data == 2:
                break
        assert probe.delivered == [1]
    assert probe.delivered == [1, 2]


@in_virtual_time
async def test_a_receiver_waits_for_events() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    waiting = asyncio.ensure_future(anext(events))
    await settle()
    assert not waiting.done()
    probe.send("/a", 1)
    assert (await waiting).data == 1


@in_virtual_time
async def test_a_cancelled_wait_loses_nothing() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await anext(events)
    probe.send("/a", 1)
    assert (await anext(events)).data == 1


@in_virtual_time
async def test_a_wait_cancelled_as_an_event_comes_loses_nothing() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    waiting = asyncio.ensure_future(anext(events))
    await settle()
    probe.send("/a", 1)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (await anext(events)).data == 1


@in_virtual_time
async def test_two_tasks_on_one_subscription_raise_an_error() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    first = asyncio.ensure_future(anext(events))
    await settle()
    with pytest.raises(ClientStateError, match="subscribe twice"):
        await anext(events)
    await events.unsubscribe()
    with pytest.raises(StopAsyncIteration):
        await first


# -- the end


@in_virtual_time
async def test_a_waiting_receiver_is_woken_by_the_end() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")

    async def read() -> list[object]:
        return [event.data async for event in events]

    reading = asyncio.ensure_future(read())
    await settle()
    events.end()
    assert await reading == []
    assert events.closed


@in_virtual_time
async def test_an_error_comes_after_what_waits() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1)
    events.end(SessionEndedError("over"))
    assert (await anext(events)).data == 1
    for _ in range(2):
        with pytest.raises(SessionEndedError, match="over"):
            await anext(events)
    assert probe.delivered == [1]


@in_virtual_time
async def test_ending_gives_up_what_waits() -> None:
    probe = DispatcherProbe(limit=2)
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2, 3)
    await anext(events)
    await events.unsubscribe()
    await events.unsubscribe()
    assert (probe.dispatcher.waiting, probe.room, probe.delivered, len(probe.left)) == (0, [False, True], [], 1)
    with pytest.raises(StopAsyncIteration):
        await anext(events)


def test_repr_shows_channel_and_queue() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a/*")
    probe.send("/a/b", 1, 2)
    assert (repr(events), events.pending) == ("<EventQueue /a/* 2 waiting>", 2)
    events.end()
    assert repr(events) == "<EventQueue /a/* closed>"


# -- several at once


@in_virtual_time
async def test_several_events_can_be_taken_at_once() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", *range(5))
    assert [event.data for event in await events.take(3)] == [0, 1, 2]
    assert [event.data for event in await events.take(9, handled=2)] == [3, 4]
    assert probe.delivered == [0, 1]
    await events.finish(99)
    assert probe.delivered == [0, 1, 2, 3, 4]
    events.end()
    assert await events.take(9) == []


# -- types


@in_virtual_time
async def test_data_is_decoded_into_the_subscriptions_type() -> None:
    probe = DispatcherProbe()
    typed, plain = probe.subscribe("/a", type=Order), probe.subscribe("/a")
    probe.send("/a", {"number": 7})
    assert (await anext(typed)).data == Order(7)
    assert (await anext(plain)).data == {"number": 7}


@in_virtual_time
async def test_an_event_of_another_type_is_the_receivers_error() -> None:
    probe = DispatcherProbe()
    typed = probe.subscribe("/a", type=Order)
    probe.send("/a", "no order", {"number": 8})
    with pytest.raises(ReceiverError, match="receiver of /a failed: ValidationError"):
        await anext(typed)
    assert (await anext(typed)).data == Order(8)


@in_virtual_time
async def test_events_taken_before_the_end_can_be_finished_after_it() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2, 3)
    await events.take(2)
    await events.unsubscribe()
    assert await events.take(2) == []
    await events.finish(2)
    assert probe.delivered == [1, 2]


# -- one at a time, with a limit


@in_virtual_time
async def test_asking_for_the_next_event_handles_the_one_before() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2)
    assert (await events.next()).data == 1
    assert (await events.next(timeout=1)).data == 2
    assert probe.delivered == [1]


@in_virtual_time
async def test_no_event_in_time() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    with pytest.raises(TimeoutError, match="no event of /a came in time"):
        await events.next(timeout=0.5)
    probe.send("/a", 1)
    assert (await events.next(timeout=0.5)).data == 1


@in_virtual_time
async def test_the_limit_is_for_all_that_is_passed_over() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a", type=Order, on_error="skip")
    waiting = asyncio.ensure_future(events.next(timeout=1))
    for _ in range(3):
        await asyncio.sleep(0.3)
        probe.send("/a", "no order")
    await asyncio.sleep(0.2)
    with pytest.raises(TimeoutError):
        await waiting


@in_virtual_time
async def test_there_is_no_next_event_after_the_end() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    probe.send("/a", 1)
    await events.unsubscribe()
    with pytest.raises(ClientStateError, match="the subscription to /a has ended"):
        await events.next(timeout=1)


@in_virtual_time
async def test_a_loop_can_end_its_own_subscription() -> None:
    probe, seen = DispatcherProbe(), list[Any]()
    events = probe.subscribe("/a")
    probe.send("/a", 1, 2, 3)
    async for event in events:
        seen.append(event.data)
        if event.data == 2:
            await events.unsubscribe()
    assert (seen, probe.delivered) == ([1, 2], [1, 2])


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
        await events.finish(99)
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
    await other.finish(1)
    assert probe.delivered == [1]


# -- the router


def router() -> tuple[Router, list[tuple[EventQueue, ...]]]:
    joined: list[tuple[EventQueue, ...]] = []

    def join(subscriptions: tuple[EventQueue, ...]) -> EventQueue:
        joined.append(subscriptions)
        return EventQueue("/joined", DispatcherProbe().dispatcher)

    return Router(join, ended=lambda channel: None), joined


def test_the_first_and_the_last_of_a_channel_are_reported() -> None:
    routes, _ = router()
    one, two = (EventQueue("/a", DispatcherProbe().dispatcher) for _ in range(2))
    assert [routes.add(one), routes.add(two)] == [True, False]
    assert routes.of("/a") == [one, two]
    assert [routes.remove(each) for each in (one, one, two, two)] == [False, False, True, False]
    assert list(routes) == []


def test_a_channel_leads_to_its_subscription_until_they_change() -> None:
    routes, joined = router()
    exact = EventQueue("/a/b", DispatcherProbe().dispatcher)
    routes.add(exact)
    assert routes.find("/a/b") is exact
    assert routes.routes == {"/a/b": exact}
    wide = EventQueue("/a/**", DispatcherProbe().dispatcher)
    routes.add(wide)
    assert routes.routes == {}
    routes.find("/a/b")
    routes.find("/x")
    assert joined == [(exact, wide), ()]


def test_routes_of_endless_channels_do_not_pile_up() -> None:
    routes, _ = router()
    routes.add(EventQueue("/**", DispatcherProbe().dispatcher))
    for number in range(25_000):
        routes.find(f"/a/{number}")
    assert len(routes.routes) <= 10_000
