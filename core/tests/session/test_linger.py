"""When a connect waits for events to gather."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.session.world import World
from pybayeux import AsyncClient, Message
from pybayeux.errors import UsageError
from pybayeux.session import Kind
from pybayeux.session.linger import Linger

WAIT = 0.008


def polled(linger: Linger, events: int = 1, held: float = 0.001, times: int = 3) -> float:
    """The pause after so many polls, each held for so long, with so many events."""
    for _ in range(times):
        linger.sent(100.0)
        linger.events_came(events)
        linger.answered(100.0 + held)
    return linger.pause


def test_dense_events_make_it_wait() -> None:
    assert polled(Linger(WAIT)) == WAIT


@pytest.mark.parametrize(
    "poll",
    [
        pytest.param({"times": 2}, id="too few polls to be a stream"),
        pytest.param({"held": 0.025}, id="longer gaps"),
        pytest.param({"events": 0}, id="no events"),
        pytest.param({"events": 101}, id="a burst"),
    ],
)
def test_what_does_not(poll: dict[str, Any]) -> None:
    assert polled(Linger(WAIT), **poll) == 0


def test_one_longer_gap_ends_it() -> None:
    linger = Linger(WAIT)
    polled(linger)
    assert polled(linger, held=0.025, times=1) == 0


def test_it_can_be_switched_off() -> None:
    assert polled(Linger(0)) == 0


def connected(linger: float) -> World:
    world = World(linger=linger).connected()
    for number in range(3):
        world.until(Kind.CONNECT)
        world.now += 0.001
        connect = world.current(Kind.CONNECT)
        world.answer(connect, Message(channel="/a", data=number), world.reply(connect.messages[0]))
    return world


def test_session_waits_before_the_next_connect() -> None:
    assert connected(WAIT).until(Kind.CONNECT) == pytest.approx(WAIT)
    assert connected(0).until(Kind.CONNECT) == 0


@pytest.mark.parametrize("linger", [-0.1, 1.1])
def test_a_wrong_wait_is_named(linger: float) -> None:
    with pytest.raises(UsageError, match="linger"):
        AsyncClient("http://localhost/", discover=False, linger=linger)
