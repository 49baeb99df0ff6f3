from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux.errors import ClientStateError, ReceiverError, SessionEndedError


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
    await events.in_hand.finish(99)
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
    await events.in_hand.finish(2)
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
async def test_a_timeout_of_the_callers_own_is_not_taken_for_that_of_the_queue() -> None:
    events = DispatcherProbe().subscribe("/a")
    with pytest.raises(TimeoutError) as raised:
        async with asyncio.timeout(1):
            await events.next(timeout=5)
    assert "no event of" not in str(raised.value)
    with pytest.raises(TimeoutError, match="no event of /a came in time"):
        await events.next(timeout=5)


@in_virtual_time
async def test_a_waiting_receiver_that_was_cancelled_is_woken_by_nothing() -> None:
    probe = DispatcherProbe()
    events = probe.subscribe("/a")
    waiting = asyncio.create_task(events.next())
    await settle()
    waiting.cancel()
    probe.send("/a", 1)
    await settle()
    assert waiting.cancelled()
    assert (await events.next()).data == 1


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


# -- room


@pytest.mark.parametrize("way", ["loop", "one", "typed", "handler"])
@in_virtual_time
async def test_each_way_of_taking_an_event_makes_room(way: str) -> None:
    probe = DispatcherProbe(limit=1)
    events = probe.subscribe("/a", type=Order if way == "typed" else None)
    probe.send("/a", {"number": 1})
    assert probe.room == [False]
    if way == "loop":
        async for _ in events:
            break
    elif way == "handler":
        events.take_one()
    else:
        await events.take(1)
    assert probe.room == [False, True]
