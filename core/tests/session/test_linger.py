"""When a connect waits for events to gather."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.session.world import World
from pybayeux import AsyncClient, Message
from pybayeux.errors import UsageError
from pybayeux.session import Kind
from pybayeux.session.linger import LONGEST_LINGER, Linger

SENT_AT = 100.0
COST = 0.0005


class Stream:
    """Polls, each of which takes the thread some processor time.

    Args:
        share: That of the linger.
    """

    def __init__(self, share: float = 0.1) -> None:
        self._used = 0.0
        self.linger = Linger(share, lambda: self._used)

    def polled(self, events: int = 1, cost: float = COST, held: float = 0.001, times: int = 50) -> float:
        """After so many polls, how long after the last one the next may leave; less than nothing: at any time."""
        for _ in range(times):
            self.linger.sent(SENT_AT)
            self._used += cost
            self.linger.events_came(events)
            self.linger.answered(SENT_AT + held)
        return self.linger.due - SENT_AT


def test_polls_take_no_more_than_their_share() -> None:
    assert Stream(0.1).polled(cost=0.0005) == pytest.approx(0.005, rel=0.01)
    assert Stream(0.2).polled(cost=0.0005) == pytest.approx(0.0025, rel=0.01)


def test_the_wait_is_bounded() -> None:
    assert Stream(0.1).polled(cost=0.1) == pytest.approx(LONGEST_LINGER)


def test_the_cost_is_that_of_the_latest_polls() -> None:
    stream = Stream(0.1)
    stream.polled()
    assert 0.0005 < stream.polled(cost=0.0006, times=3) / 10 < 0.0006
    stream.polled(cost=30, held=60, times=1)  # a poll that was held says nothing
    assert stream.polled() == pytest.approx(0.005, rel=0.01)


@pytest.mark.parametrize(
    "poll",
    [
        pytest.param({"times": 2}, id="too few polls to be a stream"),
        pytest.param({"held": 0.011}, id="longer gaps"),
        pytest.param({"events": 0}, id="no events"),
        pytest.param({"events": 101}, id="a burst"),
    ],
)
def test_what_does_not_wait(poll: dict[str, Any]) -> None:
    assert Stream().polled(**poll) < 0


def test_one_longer_gap_ends_it() -> None:
    stream = Stream()
    stream.polled()
    assert stream.polled(held=0.011, times=1) < 0


def test_it_can_be_switched_off() -> None:
    assert Stream(0).polled() < 0


def connected(linger: float) -> World:
    """A session after polls that brought an event in a millisecond each, for half of it on the processor."""
    used = 0.0
    world = World(linger=linger, processor_time=lambda: used)
    world.connected()
    for number in range(50):
        world.until(Kind.CONNECT)
        world.now += 0.001
        used += 0.0005
        connect = world.current(Kind.CONNECT)
        world.answer(connect, Message(channel="/a", data=number), world.reply(connect.messages[0]))
    return world


def test_session_waits_before_the_next_connect() -> None:
    assert connected(0.1).until(Kind.CONNECT) == pytest.approx(0.004, rel=0.01)
    assert connected(0.5).until(Kind.CONNECT) == 0
    assert connected(0).until(Kind.CONNECT) == 0


@pytest.mark.parametrize("linger", [-0.1, 1.1])
def test_a_wrong_share_is_named(linger: float) -> None:
    with pytest.raises(UsageError, match="linger"):
        AsyncClient("http://localhost/", discover=False, linger=linger)
