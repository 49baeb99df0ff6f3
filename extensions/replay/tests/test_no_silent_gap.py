"""Random runs of a consumer whose server keeps events for a time: every lost event is in a reported gap."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.replay.tests.simulation import Simulation, run_steps
from pybayeux import Channel, Message
from pybayeux_replay import GapReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CHANNEL: Final = "/orders/a"
_RETENTION: Final = 100.0
_AT_ONCE: Final = 2


class AgingSimulation(Simulation):
    """A server that keeps events for `_RETENTION` seconds, and sends a backlog piece by piece.

    Attributes:
        now: The time.
        excused: The newest replay id when a process began without a position: earlier events are a matter of `since`.
    """

    announces = True

    def __init__(self, *, is_dated: bool = True, **options: Any) -> None:
        self.now = 1_000_000.0
        self.excused = 0
        self._has_backlog = False
        self._times: dict[int, float] = {}
        self._is_dated: Final = is_dated
        super().__init__(_CHANNEL, clock=lambda: self.now, **options)

    def begin(self) -> None:
        self._excuse(is_known=False)
        super().begin()

    def _excuse(self, *, is_known: bool) -> None:
        """A receiver subscribes that may have no position."""
        if not is_known and not self.store.items("default") and self.published:
            self.excused = self.published[-1][1]

    def publish(self, channel: str, gap: int) -> None:
        super().publish(channel, gap)
        self._times[self.log[-1][1]] = self.now

    def event(self, channel: str, replay_id: int) -> Message:
        message = super().event(channel, replay_id)
        if self._is_dated:
            message.data["event"]["createdDate"] = datetime.fromtimestamp(self._times[replay_id], UTC).isoformat()
        return message

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        oldest = self.now - _RETENTION
        self._expired |= {replay_id for _, replay_id in self.log if self._times[replay_id] < oldest}
        self.log = [each for each in self.log if each[1] not in self._expired]

    def poll(self, events_first: bool) -> None:
        """A connect: answered at once if there are events, otherwise held for a while."""
        connect = Message(channel=Channel.META_CONNECT, id="1")
        self.replay.outgoing(connect)
        count = 0 if self._has_backlog else min(_AT_ONCE, len(self._outbox))
        if not count:
            self.wait(30)
        reply = Message(channel=Channel.META_CONNECT, id="1", successful=True)
        if not events_first:
            self.replay.incoming(reply, self.client.as_client)
        self._take([self._outbox.pop(0) for _ in range(count)])
        if events_first:
            self.replay.incoming(reply, self.client.as_client)

    def backlog(self) -> None:
        """The event bus of the server has a backlog, or has none any more. Deleted events end the session then."""
        self._has_backlog = not self._has_backlog
        if not self._has_backlog and any(replay_id in self._expired for _, replay_id in self._outbox):
            self.lose_session()

    def receive(self) -> None:
        if not self._has_backlog:
            super().receive()

    async def finish(self, channels: Iterable[str]) -> None:
        if self._has_backlog:
            self.backlog()
        await super().finish(channels)

    def give_back(self) -> None:
        """The receiver goes away, and another one comes at once."""
        self._excuse(is_known=bool(self._here))
        self.leave(is_answered=True)
        self.join()

    @property
    def unreported(self) -> set[int]:
        """The events that were published and never handled, and are not after the position of a reported gap."""
        missing = {replay_id for _, replay_id in self.published if replay_id > self.excused} - set(self.handled)
        places = [0 if gap.position is None else gap.position.replay_id for gap in self.gaps]
        return {replay_id for replay_id in missing if not any(place < replay_id for place in places)}


_steps = st.one_of(
    st.tuples(st.just("publish"), st.just(_CHANNEL), st.integers(1, 3)),
    st.tuples(st.just("poll"), st.booleans()),
    st.tuples(st.just("handle"), st.just(_CHANNEL)),
    st.tuples(st.just("wait"), st.sampled_from([5.0, 40.0, 90.0, 200.0])),
    st.tuples(st.sampled_from(["lose_session", "lose_answer", "kill", "restart", "turn", "give_back", "backlog"])),
)


def _run(steps: Sequence[tuple[Any, ...]], **options: Any) -> AgingSimulation:
    async def scenario() -> AgingSimulation:
        simulation = AgingSimulation(**options)
        await run_steps(simulation, steps, [_CHANNEL])
        return simulation

    return asyncio.run(scenario())


@given(
    st.lists(_steps, max_size=80),
    st.sampled_from([None, _RETENTION]),
    st.sampled_from(["event", "batch", 1.0]),
    st.booleans(),
)
def test_every_lost_event_is_after_the_position_of_a_reported_gap(
    steps: list[tuple[Any, ...]], retention: float | None, commit: Any, is_dated: bool
) -> None:
    simulation = _run(steps, retention=retention, commit=commit, is_dated=is_dated)
    assert simulation.unreported == set()


_QUIET = [("publish", _CHANNEL, 1), ("poll", True), ("handle", _CHANNEL), ("turn",)]


def _ids(simulation: AgingSimulation) -> list[int]:
    return [gap.position.replay_id if gap.position else 0 for gap in simulation.gaps]


@pytest.mark.parametrize("end", ["lose_session", "restart"])
@pytest.mark.parametrize("retention", [_RETENTION, None])
def test_empty_connects_for_longer_than_the_retention_are_no_proof_that_nothing_is_missing(
    end: str, retention: float | None
) -> None:
    polls = [("poll", True)] * 10
    simulation = _run([*_QUIET, *polls, (end,), *_QUIET], retention=retention)
    assert simulation.published == [(_CHANNEL, 1), (_CHANNEL, 2), (_CHANNEL, 3)]
    assert simulation.handled == [1, 2, 3]
    assert _ids(simulation)[0] == 1


def test_events_that_are_deleted_in_a_backlog_are_in_a_gap() -> None:
    hidden = [("backlog",), ("publish", _CHANNEL, 1), *[("poll", True)] * 5, ("backlog",)]
    simulation = _run([*_QUIET, *hidden, ("lose_session",), *_QUIET], retention=_RETENTION)
    assert 2 not in simulation.handled
    assert _ids(simulation) == [1]


def test_a_channel_without_a_client_for_longer_than_the_retention_has_a_gap() -> None:
    simulation = _run([*_QUIET, ("restart",), ("wait", 200.0), ("restart",), *_QUIET], retention=_RETENTION)
    assert _ids(simulation)[0] == 1
    assert {gap.reason for gap in simulation.gaps} == {GapReason.EXPIRED}


def test_a_position_of_a_backlog_is_as_old_as_its_event_however_late_it_was_stored() -> None:
    steps = [("publish", _CHANNEL, 1)] * 5 + [("wait", 90.0), ("poll", True), ("handle", _CHANNEL), ("restart",)]
    simulation = _run([*steps, ("wait", 40.0), ("restart",)], retention=_RETENTION)
    assert simulation.unreported == set()
    assert _ids(simulation) == [1]
