"""The runner with a real session, and in the place of everything else what the tests say."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.reporting import RecordingReporter
from core.tests.virtual_time import in_virtual_time, now, settle
from pybayeux import Advice, ConnectionState, Message
from pybayeux._client.background import BackgroundTasks
from pybayeux._client.hooks import HookRunner, Outgoing
from pybayeux._client.listeners import Listeners
from pybayeux._client.runner import SessionRunner
from pybayeux._client.user_calls import UserCalls
from pybayeux._client.waiters import Waiters
from pybayeux._util.redact import Redactor
from pybayeux.errors import BayeuxError, ExchangeTimeoutError, SessionEndedError, TransportError
from pybayeux.session import Backoff, Batch, Session, SessionConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

RETRY = Advice(reconnect="retry", interval=0, timeout=30_000)


class Setup:
    """A runner, its session, and a server that answers all but held connects, while it is up.

    Attributes:
        carried: When each exchange left, and the channel of its first message.
        up: Whether the server can be reached.
        slow: Whether it leaves everything unanswered.
        more_time: Seconds that an extension gives it beyond each deadline.
        wall: What the time of day is ahead of the loop's clock.
    """

    def __init__(self) -> None:
        config = SessionConfig(("long-polling",), backoff=Backoff(jitter=0), max_network_delay=5, random=Random(1))
        self.session = Session(config)
        self.reporter = RecordingReporter()
        self.carried: list[tuple[float, str]] = []
        self.up, self.slow, self.more_time, self.wall = True, False, 0.0, 1_000_000.0
        self.states: list[ConnectionState] = []
        self.probe = DispatcherProbe()
        self.waiters = Waiters()
        background = BackgroundTasks(self.reporter)
        self.runner = SessionRunner(
            self.session,
            cast("HookRunner", _Hooks(self)),
            Listeners(self.reporter, background, UserCalls()),
            self.waiters,
            self.reporter,
            background,
            Redactor(),
            wall_clock=lambda: self.wall + now(),
        )
        outside: Any = _FakeParts(self)
        self.runner.attach(outside, self.probe.dispatcher, outside, outside)

    async def close(self) -> None:
        await self.runner.close()

    @property
    def channels(self) -> list[str]:
        """What left, in order."""
        return [channel for _, channel in self.carried]

    @property
    def timeouts(self) -> list[BayeuxError]:
        return [error for error in self.reporter.errors if isinstance(error, ExchangeTimeoutError)]


class _Hooks:
    """Extensions that do nothing, but give more time."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    async def outgoing(self, messages: Sequence[Message]) -> Outgoing:
        return Outgoing(list(messages), [])

    def incoming(self, messages: Sequence[Message]) -> dict[int, Any]:
        return {}

    def more_time(self, message: Message) -> float:
        return self._setup.more_time

    def state_changed(self, old: ConnectionState, new: ConnectionState) -> None:
        self._setup.states.append(new)


class _FakeParts:
    """The transport and its pool, the back-pressure, the subscriptions."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def renew(self) -> None: ...

    def get(self, name: str, host: str | None) -> _FakeParts:
        return self

    async def exchange(self, messages: list[Message]) -> None:
        setup = self._setup
        setup.carried.append((now(), messages[0].channel))
        if not setup.up:
            raise TransportError("down")
        if setup.slow or (messages[0].channel == "/meta/connect" and messages[0].advice is None):
            await asyncio.Event().wait()
        replies = [
            Message(channel=each.channel, id=each.id, client_id="c1", successful=True, advice=RETRY)
            for each in messages
        ]
        await setup.runner.receive(replies)

    def filter_accepted(self, batch: Batch) -> Batch:
        return batch

    def end_all(self, error: BayeuxError | None) -> None: ...


HANDSHAKE, CONNECT = "/meta/handshake", "/meta/connect"


@in_virtual_time
async def test_what_the_session_says_is_done_when_it_says_so() -> None:
    setup = Setup()
    setup.runner.start()
    assert setup.runner.is_running
    await settle()
    assert setup.channels == [HANDSHAKE, CONNECT, CONNECT]
    await setup.close()
    assert setup.session.view.state is ConnectionState.DISCONNECTED
    assert not setup.runner.is_running


@in_virtual_time
async def test_an_exchange_that_takes_too_long_is_given_up() -> None:
    setup = Setup()
    setup.runner.start()
    await asyncio.sleep(30 + 5 + 1)
    (error,) = setup.timeouts
    assert "connect" in str(error)
    assert setup.channels[-2:] == [CONNECT, CONNECT]
    await setup.close()


@in_virtual_time
async def test_failures_are_retried_at_the_pace_of_the_session() -> None:
    setup = Setup()
    setup.up = False
    start = now()
    setup.runner.start()
    await asyncio.sleep(7)
    assert [round(moment - start) for moment, _ in setup.carried] == [0, 0, 1, 2, 3, 4, 5, 6]
    await setup.close()


@in_virtual_time
async def test_messages_sent_in_one_turn_of_the_loop_leave_together() -> None:
    setup = Setup()
    setup.runner.start()
    await settle()
    requests = [setup.runner.send(Message(channel="/a", data=number)) for number in range(5)]
    replies = await asyncio.gather(*map(setup.waiters.for_reply, requests))
    assert [reply.successful for reply in replies] == [True] * 5
    assert setup.channels.count("/a") == 1
    await setup.close()


@in_virtual_time
async def test_events_alone_take_no_step_of_the_session() -> None:
    setup = Setup()
    setup.runner.start()
    await settle()
    events = setup.probe.subscribe("/a")
    setup.session.step = None  # type: ignore[method-assign, assignment]  # to call it would fail
    await setup.runner.receive([Message(channel="/a", data=1)])  # a channel that is seen for the first time
    setup.probe.send("/a", 2)
    assert events.pending == 2
    del setup.session.step
    await setup.close()


@in_virtual_time
async def test_what_is_under_way_at_the_end_is_cancelled() -> None:
    setup = Setup()
    setup.slow = True
    setup.runner.start()
    await settle()
    setup.session.abort(None)
    await setup.close()
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_to_wait_for_the_end_can_be_cancelled() -> None:
    setup = Setup()
    await setup.close()
    setup.slow = True
    setup.runner.start()
    await settle()
    setup.session.close = lambda now: None  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await setup.close()
    assert setup.runner.is_running
    del setup.session.close
    await setup.close()


@in_virtual_time
async def test_an_exchange_may_be_given_more_time() -> None:
    setup = Setup()
    setup.slow, setup.more_time = True, 7.0
    setup.runner.start()
    await asyncio.sleep(6)
    assert setup.timeouts == []
    setup.more_time = 0.0
    await asyncio.sleep(5.9)
    assert setup.timeouts == []
    await asyncio.sleep(0.2)
    assert len(setup.timeouts) == 1
    await setup.close()


@in_virtual_time
async def test_after_the_sleep_of_the_machine_what_is_under_way_is_not_waited_for() -> None:
    setup = Setup()
    setup.slow = True
    setup.runner.start()
    await asyncio.sleep(1)
    setup.wall += 3600
    await asyncio.sleep(4.5)
    assert setup.channels == [HANDSHAKE, HANDSHAKE]
    await setup.close()


@in_virtual_time
async def test_a_defect_in_a_step_ends_the_session_with_an_error() -> None:
    setup = Setup()
    setup.runner.start()
    await settle()

    def fail(now: float) -> None:
        raise RuntimeError("a defect")

    setup.session.step = fail  # type: ignore[method-assign, assignment]
    setup.runner.send(Message(channel="/a", data=1))
    await settle()
    assert isinstance(setup.runner.ended_by, SessionEndedError)
    assert "RuntimeError: a defect" in str(setup.runner.ended_by)
    assert not setup.runner.is_running
