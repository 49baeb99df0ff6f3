from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.couriers import Office
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._client.handlers import run_handler
from pybayeux.errors import BayeuxError, ReceiverError, SessionEndedError

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux._client.handlers import ErrorPolicy


class Order(msgspec.Struct):
    number: int


def unexpected(what: object) -> Any:
    """What is not to be called."""
    raise AssertionError(what)


class Desk:
    """One handler at work, with what it was given, what was reported, and the pauses that it made."""

    def __init__(self, policy: ErrorPolicy = "raise", *, fails: int = 0, **arguments: Any) -> None:
        self.office = Office()
        self.subscription = self.office.subscribe("/a", **arguments)
        self.seen: list[Any] = []
        self.errors: list[BayeuxError] = []
        self.pauses: list[int] = []
        self.fails = fails
        self.task = asyncio.ensure_future(
            run_handler(self.subscription, self.handle, policy, self.errors.append, self.pause)
        )

    async def handle(self, event: Message) -> None:
        self.seen.append(event.data)
        if self.fails:
            self.fails -= 1
            raise KeyError("oops")

    async def pause(self, failures: int) -> None:
        self.pauses.append(failures)

    async def close(self) -> None:
        """The user ends the subscription."""
        await self.subscription.unsubscribe()
        await self.task


@in_virtual_time
async def test_a_handler_has_the_events_in_order() -> None:
    desk = Desk()
    desk.office.send("/a", 1, 2)
    await settle()
    assert desk.seen == desk.office.delivered == [1, 2]
    await desk.close()


@in_virtual_time
async def test_a_handler_may_be_an_ordinary_function() -> None:
    office = Office()
    seen: list[Message] = []
    subscription = office.subscribe("/a")
    work = run_handler(subscription, seen.append, "raise", unexpected, unexpected)
    task = asyncio.ensure_future(work)
    office.send("/a", 1)
    await settle()
    await subscription.unsubscribe()
    await task
    assert [event.data for event in seen] == office.delivered == [1]


@in_virtual_time
async def test_raise_ends_the_subscription_and_leaves_the_event_unhandled() -> None:
    desk = Desk("raise", fails=1)
    desk.office.send("/a", 1, 2)
    with pytest.raises(ReceiverError, match="KeyError: 'oops'"):
        await desk.task
    assert (desk.seen, desk.office.delivered, len(desk.errors)) == ([1], [], 1)
    assert desk.subscription.closed


@in_virtual_time
async def test_skip_lets_the_event_pass_for_handled() -> None:
    desk = Desk("skip", fails=1)
    desk.office.send("/a", 1, 2)
    await settle()
    assert (desk.seen, desk.office.delivered, len(desk.errors)) == ([1, 2], [1, 2], 1)
    await desk.close()


@in_virtual_time
async def test_retry_gives_the_same_event_again_after_a_pause() -> None:
    desk = Desk("retry", fails=3)
    desk.office.send("/a", 1, 2)
    await settle()
    assert desk.seen == [1, 1, 1, 1, 2]
    assert (desk.pauses, desk.office.delivered, len(desk.errors)) == ([1, 2, 3], [1, 2], 3)
    await desk.close()


@pytest.mark.parametrize("policy", ["raise", "retry"])
@in_virtual_time
async def test_an_event_of_another_type_ends_the_subscription(policy: ErrorPolicy) -> None:
    desk = Desk(policy, type=Order)
    desk.office.send("/a", "no order", {"number": 2})
    with pytest.raises(ReceiverError):
        await desk.task
    assert (desk.seen, desk.office.delivered, len(desk.errors)) == ([], [], 1)


@in_virtual_time
async def test_skip_goes_on_after_an_event_of_another_type() -> None:
    desk = Desk("skip", type=Order)
    desk.office.send("/a", "no order", {"number": 2})
    await settle()
    assert desk.seen == [Order(2)]
    assert desk.office.delivered == ["no order", {"number": 2}]
    await desk.close()


@in_virtual_time
async def test_the_end_of_the_session_ends_the_handler() -> None:
    desk = Desk()
    await settle()
    desk.subscription.end(SessionEndedError("over"))
    with pytest.raises(SessionEndedError):
        await desk.task
    assert desk.errors == []


@in_virtual_time
async def test_a_cancelled_handler_leaves_its_event_unhandled() -> None:
    desk = Desk()
    desk.office.send("/a", 1)
    started = asyncio.Event()

    async def hang(failures: int) -> None:
        started.set()
        await asyncio.Event().wait()

    desk.fails, desk.pause = 1, hang  # type: ignore[method-assign]
    desk.task.cancel()
    await asyncio.wait([desk.task])
    assert desk.office.delivered == []


@in_virtual_time
async def test_a_handler_that_acknowledges_by_itself() -> None:
    office = Office()
    kept: list[Message] = []
    subscription = office.subscribe("/a", ack="manual")
    task = asyncio.ensure_future(run_handler(subscription, kept.append, "raise", unexpected, unexpected))
    office.send("/a", 1, 2)
    await settle()
    assert (len(kept), office.delivered) == (2, [])
    for event in kept:
        await event.ack()
    assert office.delivered == [1, 2]
    await subscription.unsubscribe()
    await task
