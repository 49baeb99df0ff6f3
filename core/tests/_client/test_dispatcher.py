from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.tests.dispatching import DispatcherProbe, events
from core.tests.virtual_time import in_virtual_time
from pybayeux import Channel, Message, decode

if TYPE_CHECKING:
    from pybayeux._client.event_queue import EventQueue


@in_virtual_time
async def test_an_event_of_several_receivers_is_delivered_when_the_last_has_finished() -> None:
    probe = DispatcherProbe()
    one, two = probe.subscribe("/a/b"), probe.subscribe("/a/*")
    probe.send("/a/b", 1)
    assert probe.dispatcher.waiting == 2
    await one.take(1)
    await one.in_hand.finish(1)
    assert probe.delivered == []
    await two.take(1)
    await two.in_hand.finish(1)
    assert probe.delivered == [1]


@in_virtual_time
async def test_each_receiver_has_the_same_message() -> None:
    probe = DispatcherProbe()
    one, two = probe.subscribe("/a"), probe.subscribe("/**")
    probe.send("/a", 1)
    assert await anext(one) is await anext(two)


@in_virtual_time
async def test_who_goes_away_no_longer_holds_an_event_back() -> None:
    probe = DispatcherProbe()
    stays, goes = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1)
    await stays.take(1)
    await stays.in_hand.finish(1)
    assert probe.delivered == []
    await goes.unsubscribe()
    assert probe.delivered == [1]


@in_virtual_time
async def test_events_are_in_hand_until_they_are_finished_also_after_the_end_of_their_subscription() -> None:
    probe = DispatcherProbe()
    stays, goes, lost = probe.subscribe("/a"), probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1, 2)
    for queue in (stays, goes, lost):
        await queue.take(1)
    assert probe.dispatcher.in_hand("/a") == 3
    assert probe.dispatcher.in_hand("/b") == 0
    await goes.unsubscribe()
    await lost.unsubscribe()
    assert probe.dispatcher.in_hand("/a") == 3
    await goes.in_hand.finish(1)
    assert probe.dispatcher.in_hand("/a") == 2
    probe.left.remove(lost)
    del queue, lost  # nobody can finish its event any more
    assert probe.dispatcher.in_hand("/a") == 1


@in_virtual_time
async def test_an_unhandled_event_is_never_reported_as_delivered() -> None:
    probe = DispatcherProbe()
    one, two = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1)
    await one.unsubscribe()
    await two.unsubscribe()
    assert (probe.delivered, probe.dispatcher.waiting) == ([], 0)


@in_virtual_time
async def test_events_abandoned_at_unsubscribe_are_reported_in_the_background() -> None:
    probe = DispatcherProbe(slow=True)
    stays, goes = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1)
    await stays.take(1)
    await stays.in_hand.finish(1)
    await goes.unsubscribe()
    assert probe.delivered == []
    (later,) = probe.background
    await later
    assert probe.delivered == [1]


def test_an_event_without_receivers_is_dropped_unhandled() -> None:
    probe = DispatcherProbe(limit=1)
    probe.send("/nobody", 1, 2)
    assert (probe.delivered, probe.dispatcher.waiting, probe.room) == ([], 0, [])


@in_virtual_time
async def test_no_later_event_of_a_channel_passes_for_handled_after_a_failure() -> None:
    probe = DispatcherProbe()
    stays = probe.subscribe("/**")
    with pytest.raises(KeyError):
        async with probe.subscribe("/a") as fails:
            probe.send("/a", 1)
            await anext(fails)
            raise KeyError
    probe.send("/a", 2)
    probe.send("/b", 3)
    await stays.take(9)
    await stays.in_hand.finish(9)
    assert probe.delivered == [3]


@in_virtual_time
async def test_what_one_receiver_failed_on_is_not_delivered_though_another_handled_it_before() -> None:
    probe = DispatcherProbe()
    stays = probe.subscribe("/a")
    with pytest.raises(KeyError):
        async with probe.subscribe("/a") as fails:
            probe.send("/a", 1, 2)
            await stays.take(9)
            await stays.in_hand.finish(9)
            await anext(fails)
            raise KeyError
    assert probe.delivered == []


@in_virtual_time
async def test_a_subscription_started_anew_clears_a_failure() -> None:
    probe = DispatcherProbe()
    with pytest.raises(KeyError):
        async with probe.subscribe("/a/b") as fails:
            probe.send("/a/b", 1)
            await anext(fails)
            raise KeyError
    probe.dispatcher.subscription_started("/x/*")
    again = probe.subscribe("/a/b")
    probe.send("/a/b", 1)
    await again.take(1)
    await again.in_hand.finish(1)
    assert probe.delivered == []
    probe.dispatcher.subscription_started("/a/*")
    probe.send("/a/b", 2)
    await again.take(1)
    await again.in_hand.finish(1)
    assert probe.delivered == [2]


@in_virtual_time
async def test_room_is_reported_when_it_changes() -> None:
    probe = DispatcherProbe(limit=2)
    one, two = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1)
    assert probe.room == [False]
    probe.send("/a", 2)
    await one.take(9)
    assert probe.room == [False]
    await two.take(1)
    assert probe.room == [False, True]


def test_events_that_outlive_their_batch_let_go_of_it() -> None:
    probe = DispatcherProbe()
    waiting = probe.subscribe("/a")
    first = decode(b'[{"channel":"/a","data":{"n":1}}]')
    probe.dispatcher.dispatch(first)
    probe.dispatcher.dispatch(decode(b'[{"channel":"/a","data":{"n":2}}]'))
    assert waiting.pending == 2
    assert [first[0].raw_data, first[0].data] == [b'{"n":1}', {"n": 1}]


@in_virtual_time
async def test_a_new_observer_hears_of_the_next_batch() -> None:
    probe = DispatcherProbe(observed=False)
    receiver, other = probe.subscribe("/a"), probe.subscribe("/a")
    probe.send("/a", 1)
    probe.observed = True
    probe.send("/a", 2)
    for each in (receiver, other):
        await each.take(9)
        await each.in_hand.finish(9)
    assert 2 in probe.delivered


PATTERNS = ["/a", "/b", "/a/x", "/a/*", "/**"]
CHANNELS = ["/a", "/b", "/a/x", "/a/y"]


class Receivers(RuleBasedStateMachine):
    """Subscriptions that come and go, take, finish and fail, while events arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = DispatcherProbe(limit=4)
        self.loop = asyncio.new_event_loop()
        self.open: list[EventQueue] = []
        self.taken: dict[EventQueue, int] = {}
        self.holders: dict[int, set[EventQueue]] = {}
        self.handled: set[int] = set()
        self.channel_of: dict[int, str] = {}
        self.failed: set[str] = set()
        self.expected: list[int] = []

    def teardown(self) -> None:
        self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def let_go(self, number: int, queue: EventQueue, *, handled: bool) -> None:
        """The model: one receiver has done with an event."""
        holders = self.holders[number]
        holders.discard(queue)
        if handled:
            self.handled.add(number)
        if not holders and number in self.handled and self.channel_of[number] not in self.failed:
            self.expected.append(number)

    def held_by(self, queue: EventQueue) -> list[int]:
        return sorted(number for number, holders in self.holders.items() if queue in holders)

    @rule(pattern=st.sampled_from(PATTERNS))
    def subscribe(self, pattern: str) -> None:
        if len(self.open) < 5:
            queue = self.probe.subscribe(pattern)
            self.open.append(queue)
            self.taken[queue] = 0

    @rule(channels=st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=4))
    def dispatch(self, channels: list[str]) -> None:
        batch: list[Message] = []
        for channel in channels:
            number = len(self.channel_of)
            self.channel_of[number] = channel
            covering = set(Channel(channel).covering_patterns())
            self.holders[number] = {each for each in self.open if each.channel in covering}
            batch += events(channel, number)
        self.probe.dispatcher.dispatch(batch)

    @precondition(lambda self: any(each.pending for each in self.open))
    @rule(data=st.data(), most=st.integers(1, 3))
    def take(self, data: Any, most: int) -> None:
        queue = data.draw(st.sampled_from([each for each in self.open if each.pending]))
        held = self.held_by(queue)[self.taken[queue] :]
        got = [event.data for event in self.run(queue.take(most))]
        assert got == held[: len(got)]
        assert 1 <= len(got) <= most
        self.taken[queue] += len(got)

    @precondition(lambda self: any(self.taken[each] for each in self.open))
    @rule(data=st.data(), count=st.integers(1, 3))
    def finish(self, data: Any, count: int) -> None:
        queue = data.draw(st.sampled_from([each for each in self.open if self.taken[each]]))
        count = min(count, self.taken[queue])
        finished = self.held_by(queue)[:count]
        self.taken[queue] -= count
        for number in finished:
            self.let_go(number, queue, handled=True)
        self.run(queue.in_hand.finish(count))

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        self.end(data.draw(st.sampled_from(self.open)), None)

    @precondition(lambda self: any(self.taken[each] for each in self.open))
    @rule(data=st.data())
    def fail(self, data: Any) -> None:
        queue = data.draw(st.sampled_from([each for each in self.open if self.taken[each]]))
        self.failed.add(self.channel_of[self.held_by(queue)[0]])
        self.end(queue, KeyError())

    def end(self, queue: EventQueue, error: Exception | None) -> None:
        self.open.remove(queue)
        for number in self.held_by(queue):
            self.let_go(number, queue, handled=False)
        self.run(queue.leave(error))

    @rule(pattern=st.sampled_from(PATTERNS))
    def start_anew(self, pattern: str) -> None:
        self.probe.dispatcher.subscription_started(pattern)
        self.failed = {channel for channel in self.failed if pattern not in Channel(channel).covering_patterns()}

    @invariant()
    def what_is_delivered_is_what_every_receiver_has_done_with(self) -> None:
        assert self.probe.delivered == self.expected
        assert len(set(self.expected)) == len(self.expected)
        assert all(not self.holders[number] and number in self.handled for number in self.expected)

    @invariant()
    def what_is_delivered_keeps_the_order_of_arrival_within_its_channel(self) -> None:
        for channel in CHANNELS:
            numbers = [number for number in self.probe.delivered if self.channel_of[number] == channel]
            assert numbers == sorted(numbers)

    @invariant()
    def the_count_is_that_of_the_queues(self) -> None:
        assert self.probe.dispatcher.waiting == self.probe.waiting

    @invariant()
    def room_is_what_was_told_last(self) -> None:
        told = self.probe.room
        assert (told[-1] if told else True) is (self.probe.dispatcher.waiting < 4)
        assert all(one is not other for one, other in itertools.pairwise(told))


Receivers.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestReceivers = Receivers.TestCase


@in_virtual_time
async def test_a_channel_that_no_subscription_covers_is_reported_once() -> None:
    probe = DispatcherProbe()
    probe.subscribe("/a")
    probe.send("/b", 1, 2)
    probe.subscribe("/c")
    probe.send("/b", 3)
    probe.send("/a", 1)
    assert [str(error) for error in probe.reported] == [
        "an event on /b was dropped: no subscription covers this channel (further ones are not reported)"
    ]


@in_virtual_time
async def test_late_events_of_an_ended_subscription_are_not_reported() -> None:
    probe = DispatcherProbe()
    queue = probe.subscribe("/a/*")
    await queue.unsubscribe()
    probe.send("/a/b", 1)
    assert probe.reported == []


@in_virtual_time
async def test_messages_on_service_channels_are_not_reported() -> None:
    probe = DispatcherProbe()
    probe.send("/service/echo", 1)
    assert probe.reported == []


@in_virtual_time
async def test_the_memory_of_reported_channels_is_bounded() -> None:
    probe = DispatcherProbe()
    for number in range(1001):
        probe.send(f"/a/{number}", 1)
    probe.send("/a/0", 1)
    assert len(probe.reported) == 1002


# -- events of extensions


@in_virtual_time
async def test_forwarded_events_count_towards_the_limit() -> None:
    probe = DispatcherProbe(limit=2)
    receiver = probe.subscribe("/a")
    probe.dispatcher.count(2)
    assert probe.room == []
    probe.dispatcher.forward("/a", events("/a", 1, 2))
    assert probe.room == [False]
    assert [each.data for each in await receiver.take(2)] == [1, 2]
    assert probe.room == [False, True]


def test_nothing_is_dropped_where_what_waits_cannot_be() -> None:
    probe = DispatcherProbe(limit=1)
    probe.subscribe("/a")
    probe.dispatcher.count(5)
    probe.dispatcher.start_dropping()
    assert (probe.dispatcher.stop_dropping(), probe.dispatcher.waiting) == (0, 5)


def test_a_very_long_channel_is_not_remembered() -> None:
    probe = DispatcherProbe()
    receiver = probe.subscribe("/**")
    longest = "/" + "a" * 999
    probe.send(longest, 1)
    probe.send(longest + "a", 2)
    assert receiver.pending == 2
    assert list(probe.dispatcher.router.routes) == [longest]
