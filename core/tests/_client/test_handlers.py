from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.dispatching import DispatcherProbe, events
from core.tests.reporting import RecordingReporter
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._client.handler_runner import HandlerRunner, HandlerSupport
from pybayeux._client.user_calls import UserCalls
from pybayeux.errors import ConsumerConflictError, ExtensionHookError, ReceiverError, SessionEndedError, UsageError
from pybayeux.extensions.blocking import BlockingWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message
    from pybayeux._client.events_in_hand import ErrorPolicy
    from pybayeux.errors import BayeuxError


class Order(msgspec.Struct):
    number: int


class Keeper:
    """Keeps dead letters.

    Args:
        place: Where; None: it keeps none.
        failure: What it fails with instead.
    """

    def __init__(self, place: str | None = "a box", failure: BayeuxError | None = None) -> None:
        self.kept: list[tuple[Any, str, str]] = []
        self.place = place
        self.failure = failure

    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.kept.append((message.data, subscription, str(error)))
        return self.place


WATCH = BlockingWatch(print)


def support(keep: Callable[[asyncio.Task[None]], None]) -> HandlerSupport:
    return HandlerSupport(RecordingReporter(), float, WATCH, UserCalls(), keep)


class Handling:
    """One handler at work, with what it was called with, what was reported, and the pauses between tries.

    Args:
        policy: What becomes of an event on which the handler fails.
        fails: How often the handler fails.
        waits: Whether it is a coroutine function; else it is called in place.
        keeper: Keeps dead letters.
        error: What it fails with.
    """

    def __init__(
        self,
        policy: ErrorPolicy = "raise",
        *,
        fails: int = 0,
        waits: bool = True,
        keeper: Keeper | None = None,
        error: type[Exception] = KeyError,
        **arguments: Any,
    ) -> None:
        self.keeper = keeper or Keeper()
        self.reporter = RecordingReporter()
        self.probe = DispatcherProbe(keeper=self.keeper, reporter=self.reporter)
        self.queue = self.probe.subscribe("/a", on_error=policy, **arguments)
        self.seen: list[Any] = []
        self.pauses: list[int] = []
        self.fails = fails
        self.tasks: list[asyncio.Task[None]] = []
        self.error = error
        handler = self.handle_waiting if waits else self.handle
        HandlerRunner(
            self.queue, handler, HandlerSupport(self.reporter, self.retry_delay, WATCH, UserCalls(), self.tasks.append)
        ).start()

    def handle(self, event: Message) -> None:
        self.seen.append(event.data)
        if self.fails:
            self.fails -= 1
            raise self.error("oops")

    async def handle_waiting(self, event: Message) -> None:
        self.handle(event)

    def retry_delay(self, failures: int) -> float:
        self.pauses.append(failures)
        return 1.0

    @property
    def errors(self) -> list[BayeuxError]:
        return self.reporter.errors

    async def close(self) -> None:
        """The user ends the subscription."""
        await self.queue.unsubscribe()
        for task in self.tasks:
            await task


either_way = pytest.mark.parametrize("waits", [True, False], ids=["task", "in place"])


@either_way
@in_virtual_time
async def test_a_handler_has_the_events_in_order(waits: bool) -> None:
    handling = Handling(waits=waits)
    handling.probe.send("/a", 1, 2)
    await settle()
    assert handling.seen == handling.probe.delivered == [1, 2]
    await handling.close()


@in_virtual_time
async def test_a_handler_that_does_not_wait_is_called_in_place() -> None:
    handling = Handling(waits=False)
    for number in range(3):
        handling.probe.send("/a", number)
        assert handling.seen[-1] == handling.probe.delivered[-1] == number
    assert (handling.tasks, handling.probe.dispatcher.waiting) == ([], 0)
    await handling.close()


@in_virtual_time
async def test_events_that_wait_already_are_handled_at_the_start() -> None:
    probe, seen = DispatcherProbe(), []
    queue = probe.subscribe("/a")
    probe.send("/a", 1, 2)
    HandlerRunner(queue, lambda event: seen.append(event.data), support(_keep)).start()
    assert (seen, probe.dispatcher.waiting) == ([1, 2], 0)
    await queue.unsubscribe()


def _keep(task: asyncio.Task[None]) -> None:
    raise AssertionError("no task is needed")


@in_virtual_time
async def test_events_of_several_handlers_keep_their_order() -> None:
    probe, seen = DispatcherProbe(), []
    for channel in ("/a", "/b"):
        queue = probe.subscribe(channel)
        call = lambda event: seen.append((event.channel, event.data))  # noqa: E731
        HandlerRunner(queue, call, support(_keep)).start()
    probe.dispatcher.dispatch([*events("/a", 1), *events("/b", 2), *events("/a", 3)])
    assert seen == [("/a", 1), ("/b", 2), ("/a", 3)]


@in_virtual_time
async def test_a_handler_in_place_has_the_context_of_its_subscription() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="none")
    probe, seen = DispatcherProbe(), []
    queue = probe.subscribe("/a")
    token = variable.set("of the subscriber")
    HandlerRunner(queue, lambda event: seen.append(variable.get()), support(_keep)).start()
    variable.reset(token)
    probe.send("/a", 1)
    assert seen == ["of the subscriber"]
    await queue.unsubscribe()


@in_virtual_time
async def test_a_handler_that_returns_something_to_await_goes_on_in_a_task() -> None:
    probe, seen, tasks = DispatcherProbe(), [], []  # type: ignore[var-annotated]
    queue = probe.subscribe("/a")

    async def note(event: Message) -> None:
        await asyncio.sleep(1)
        seen.append(event.data)

    HandlerRunner(queue, lambda event: note(event), support(tasks.append)).start()
    probe.send("/a", 1, 2)
    probe.send("/a", 3)
    await asyncio.sleep(4)
    assert (seen, probe.delivered, len(tasks)) == ([1, 2, 3], [1, 2, 3], 1)
    await queue.unsubscribe()
    await tasks[0]


@in_virtual_time
async def test_an_asynchronous_delivered_is_awaited_before_the_next_event() -> None:
    probe, seen, tasks = DispatcherProbe(slow=True), [], []  # type: ignore[var-annotated]
    queue = probe.subscribe("/a")
    HandlerRunner(
        queue,
        lambda event: seen.append((event.data, *probe.delivered)),
        support(tasks.append),
    ).start()
    probe.send("/a", 1, 2)
    await settle()
    assert (seen, probe.delivered) == ([(1,), (2, 1)], [1, 2])
    await queue.unsubscribe()
    await tasks[0]


@either_way
@in_virtual_time
async def test_raise_ends_the_subscription_and_leaves_the_event_unhandled(waits: bool) -> None:
    handling = Handling("raise", fails=1, waits=waits)
    handling.probe.send("/a", 1, 2)
    await settle()
    with pytest.raises(ReceiverError, match="KeyError: 'oops'"):
        await handling.tasks[0]
    assert (handling.seen, handling.probe.delivered, len(handling.errors)) == ([1], [], 1)
    assert handling.queue.closed


@either_way
@in_virtual_time
async def test_skip_counts_the_event_as_handled(waits: bool) -> None:
    handling = Handling("skip", fails=1, waits=waits)
    handling.probe.send("/a", 1, 2)
    await settle()
    assert (handling.seen, handling.probe.delivered, len(handling.errors)) == ([1, 2], [1, 2], 1)
    await handling.close()


@either_way
@in_virtual_time
async def test_retry_calls_with_the_same_event_again_after_a_pause(waits: bool) -> None:
    handling = Handling("retry", fails=3, waits=waits)
    handling.probe.send("/a", 1, 2)
    await asyncio.sleep(10)
    assert handling.seen == [1, 1, 1, 1, 2]
    assert (handling.pauses, handling.probe.delivered, len(handling.errors)) == ([2, 3, 4], [1, 2], 3)
    await handling.close()


@in_virtual_time
async def test_retry_may_go_on_for_days() -> None:
    handling = Handling("retry", fails=5000)
    handling.probe.send("/a", 1)
    await asyncio.sleep(6000)
    assert handling.probe.delivered == [1]
    await handling.close()


@either_way
@pytest.mark.parametrize("policy", ["raise", "retry"])
@in_virtual_time
async def test_an_event_of_another_type_ends_the_subscription(policy: ErrorPolicy, waits: bool) -> None:
    handling = Handling(policy, waits=waits, type=Order)
    handling.probe.send("/a", "no order", {"number": 2})
    await settle()
    with pytest.raises(ReceiverError):
        await handling.tasks[0]
    assert (handling.seen, handling.probe.delivered, len(handling.errors)) == ([], [], 1)


@either_way
@in_virtual_time
async def test_skip_goes_on_after_an_event_of_another_type(waits: bool) -> None:
    handling = Handling("skip", waits=waits, type=Order)
    handling.probe.send("/a", "no order", {"number": 2})
    await settle()
    assert handling.seen == [Order(2)]
    assert handling.probe.delivered == ["no order", {"number": 2}]
    await handling.close()


@either_way
@in_virtual_time
async def test_a_dead_letter_is_handled_once_it_is_kept(waits: bool) -> None:
    handling = Handling("dead_letter", fails=1, waits=waits)
    handling.probe.send("/a", 1, 2)
    assert handling.probe.delivered == []
    await settle()
    assert (handling.seen, handling.probe.delivered, len(handling.errors)) == ([1, 2], [1, 2], 1)
    assert handling.keeper.kept == [(1, "/a", "the receiver of /a failed: KeyError: 'oops'")]
    await handling.close()


@either_way
@pytest.mark.parametrize(
    ("keeper", "reported"),
    [
        (Keeper(None), UsageError),
        (Keeper(failure=ExtensionHookError("disk full", extension="replay")), ExtensionHookError),
    ],
    ids=["none", "failing"],
)
@in_virtual_time
async def test_a_dead_letter_that_is_not_kept_ends_the_subscription(
    keeper: Keeper, reported: type[BayeuxError], waits: bool
) -> None:
    handling = Handling("dead_letter", fails=1, waits=waits, keeper=keeper)
    handling.probe.send("/a", 1, 2)
    await settle()
    with pytest.raises(ReceiverError):
        await handling.tasks[0]
    assert (handling.seen, handling.probe.delivered) == ([1], [])
    assert [type(error) for error in handling.errors] == [ReceiverError, reported]


@either_way
@in_virtual_time
async def test_an_event_of_another_type_is_a_dead_letter_as_it_was_received(waits: bool) -> None:
    handling = Handling("dead_letter", waits=waits, type=Order)
    handling.probe.send("/a", "no order", {"number": 2})
    await settle()
    assert (handling.seen, handling.probe.delivered) == ([Order(2)], ["no order", {"number": 2}])
    assert [data for data, *_ in handling.keeper.kept] == ["no order"]
    await handling.close()


@either_way
@pytest.mark.parametrize("kind", [None, Order])
@in_virtual_time
async def test_a_dead_letter_is_acknowledged_where_the_handler_would_do_so(waits: bool, kind: Any) -> None:
    handling = Handling("dead_letter", fails=1, waits=waits, ack="manual", type=kind)
    handling.probe.send("/a", {"number": 1})
    handling.probe.send("/a", *([] if kind is None else ["no order"]))
    await settle()
    assert [data for data, *_ in handling.keeper.kept] == handling.probe.delivered
    assert len(handling.probe.delivered) == (1 if kind is None else 2)
    await handling.close()


@in_virtual_time
async def test_an_event_that_was_acknowledged_before_the_failure_is_no_dead_letter() -> None:
    async def handle(event: Message) -> None:
        await event.ack()
        raise KeyError

    keeper, tasks = Keeper(), list[asyncio.Task[None]]()
    probe = DispatcherProbe(keeper=keeper)
    queue = probe.subscribe("/a", ack="manual", on_error="dead_letter")
    HandlerRunner(queue, handle, support(tasks.append)).start()
    probe.send("/a", 1, 2)
    await settle()
    assert (probe.delivered, keeper.kept) == ([1, 2], [])
    await queue.unsubscribe()
    await tasks[0]


@either_way
@pytest.mark.parametrize("policy", ["raise", "skip", "retry", "dead_letter"])
@in_virtual_time
async def test_no_policy_goes_on_beside_another_consumer(policy: ErrorPolicy, waits: bool) -> None:
    handling = Handling(policy, fails=1, waits=waits, error=ConsumerConflictError)
    handling.probe.send("/a", 1, 2)
    await settle()
    with pytest.raises(ReceiverError, match="ConsumerConflictError"):
        await handling.tasks[0]
    assert (handling.seen, handling.probe.delivered, handling.keeper.kept) == ([1], [], [])


@in_virtual_time
async def test_the_end_of_the_session_ends_the_handler() -> None:
    handling = Handling()
    await settle()
    handling.queue.end(SessionEndedError("over"))
    with pytest.raises(SessionEndedError):
        await handling.tasks[0]
    assert handling.errors == []


@in_virtual_time
async def test_the_end_of_the_session_leaves_a_handler_in_place_alone() -> None:
    handling = Handling(waits=False)
    handling.queue.end(SessionEndedError("over"))
    assert (handling.tasks, handling.errors, handling.queue.closed) == ([], [], True)


@in_virtual_time
async def test_a_cancelled_handler_leaves_its_event_unhandled() -> None:
    handling = Handling("retry", fails=1)
    handling.probe.send("/a", 1)
    await settle()
    handling.tasks[0].cancel()
    await asyncio.wait(handling.tasks)
    assert (handling.seen, handling.probe.delivered) == ([1], [])


@either_way
@in_virtual_time
async def test_a_handler_that_acknowledges_by_itself(waits: bool) -> None:
    probe, kept, tasks = DispatcherProbe(), [], []  # type: ignore[var-annotated]
    queue = probe.subscribe("/a", ack="manual")

    async def keep(event: Message) -> None:
        kept.append(event)

    handler = keep if waits else kept.append
    HandlerRunner(queue, handler, support(tasks.append)).start()
    probe.send("/a", 1, 2)
    await settle()
    assert (len(kept), probe.delivered) == (2, [])
    for event in kept:
        await event.ack()
    assert probe.delivered == [1, 2]
    await queue.unsubscribe()
    for task in tasks:
        await task
