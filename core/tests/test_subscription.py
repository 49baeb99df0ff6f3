from __future__ import annotations

import asyncio
import linecache
import warnings
from typing import Any

import pytest

import pybayeux
from core.tests.dispatching import DispatcherProbe
from core.tests.virtual_time import in_virtual_time
from pybayeux import SyncSubscription
from pybayeux._util.loop_thread import LoopThread
from pybayeux.errors import UsageError
from pybayeux.subscription import Subscribing, Subscription


class BeginCounter:
    """Begins a subscription, and counts."""

    def __init__(self) -> None:
        self.probe = DispatcherProbe()
        self.begun = 0

    async def begin(self) -> Subscription:
        self.begun += 1
        return Subscription(self.probe.subscribe("/a"))


@in_virtual_time
async def test_nothing_begins_by_itself() -> None:
    counter = BeginCounter()
    with pytest.warns(RuntimeWarning, match=r"subscribe\('/a'\) was never awaited: nothing was subscribed to"):
        Subscribing("/a", counter.begin)
    assert counter.begun == 0


@in_virtual_time
async def test_a_forgotten_await_names_its_line() -> None:
    def subscribe() -> Subscribing[Any]:
        return Subscribing("/a", BeginCounter().begin)

    async def program() -> None:
        forgotten = subscribe()  # this one
        await asyncio.sleep(1)
        assert forgotten

    with pytest.warns(RuntimeWarning, match="never awaited") as warned:
        await program()
    line = linecache.getline(warned[0].filename, warned[0].lineno)
    assert (warned[0].filename, "this one" in line) == (__file__, True)


@in_virtual_time
async def test_a_loop_over_what_is_not_made_yet_says_what_is_missing() -> None:
    subscribing = Subscribing("/a", BeginCounter().begin)
    with pytest.raises(UsageError, match=r"await subscribe\('/a'\) first, or enter it with `async with`"):
        async for _ in subscribing:  # type: ignore[attr-defined]
            pass
    with warnings.catch_warnings(action="error"):
        del subscribing


def test_completion_lists_what_is_for_users_and_nothing_else() -> None:
    both = {"channel", "closed", "next", "pending", "unsubscribe"}
    assert public(Subscription(DispatcherProbe().subscribe("/a"))) == both | {"batches", "finish", "take"}
    assert public(SyncSubscription(LoopThread(), DispatcherProbe().subscribe("/a"))) == both
    assert "Message" in dir(pybayeux)
    assert set(dir(pybayeux)) == set(pybayeux.__all__)


def public(value: object) -> set[str]:
    return {name for name in dir(value) if not name.startswith("_")}


@in_virtual_time
async def test_a_subscription_shows_channel_and_queue() -> None:
    probe = DispatcherProbe()
    events = Subscription(probe.subscribe("/a/*"))
    probe.send("/a/b", 1, 2)
    assert (repr(events), events.pending) == ("<Subscription /a/* 2 waiting>", 2)
    assert [event.data for event in await events.take(9)] == [1, 2]
    await events.finish(2)
    assert probe.delivered == [1, 2]
    await events.unsubscribe()
    assert repr(events) == "<Subscription /a/* closed>"


@in_virtual_time
async def test_awaiting_begins() -> None:
    counter = BeginCounter()
    subscription = await Subscribing("/a", counter.begin)
    assert (subscription.channel, subscription.closed) == ("/a", False)


@in_virtual_time
async def test_a_block_begins_and_ends() -> None:
    counter = BeginCounter()
    async with Subscribing("/a", counter.begin) as subscription:
        assert not subscription.closed
    assert subscription.closed


@in_virtual_time
async def test_it_begins_once() -> None:
    counter = BeginCounter()
    subscribing = Subscribing("/a", counter.begin)
    await subscribing
    with pytest.raises(UsageError, match="again"):
        await subscribing
    with pytest.raises(UsageError, match="again"):
        async with subscribing:
            pass
    assert counter.begun == 1
