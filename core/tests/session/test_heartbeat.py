"""What a heartbeat asks of the server, and when silence counts as an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.session.world import RETRY, World
from pybayeux import Advice, Message
from pybayeux.errors import ExchangeTimeoutError, TransportError
from pybayeux.session import Kind
from pybayeux.session.heartbeat import Heartbeat
from pybayeux.state import ConnectionState

if TYPE_CHECKING:
    from pybayeux.session.exchange import Exchange


def held(world: World) -> Exchange:
    """The connect that the server may hold now."""
    if not world.has(Kind.CONNECT):
        world.until(Kind.CONNECT)
    return world.current(Kind.CONNECT)


def test_connects_ask_for_shorter_holds_and_are_late_after_two_heartbeats() -> None:
    world = World(heartbeat=5.0).connected()
    connect = held(world)
    assert connect.messages[0].advice == Advice(timeout=5000)
    assert connect.deadline == world.now + 10
    assert world.session.view.longest_silence == 10
    first, *_ = (exchange for _, exchange in world.sent if exchange.kind is Kind.CONNECT)
    assert first.messages[0].advice == Advice(timeout=0)


@pytest.mark.parametrize("heartbeat", [None, 30.0, 100.0])
def test_without_it_or_where_the_server_holds_for_less_anyway_nothing_is_asked(heartbeat: float | None) -> None:
    world = World(heartbeat=heartbeat).connected()
    assert held(world).messages[0].advice is None
    assert held(world).deadline == world.now + 40
    assert world.session.view.longest_silence == 40


def test_a_session_that_was_dropped_without_a_word_is_noticed() -> None:
    world = World(heartbeat=5.0).connected()
    world.pass_time(10)
    assert world.state() is ConnectionState.UNCONNECTED
    world.accept(held(world), successful=False, error="402::session_unknown")
    world.settle_down()
    assert world.has(Kind.HANDSHAKE)
    world.connected()
    assert held(world).messages[0].advice == Advice(timeout=5000)


def test_a_server_that_holds_longer_all_the_same_is_left_alone() -> None:
    world = World(heartbeat=5.0).connected()
    for _ in range(2):
        assert held(world).messages[0].advice == Advice(timeout=5000)
        world.pass_time(10)
        world.accept(held(world), advice=RETRY)
        world.settle_down()
    assert held(world).messages[0].advice is None
    assert held(world).deadline == world.now + 40
    assert sum("heartbeat=" in str(error) for error in world.errors) == 1


def test_a_server_that_has_once_answered_as_asked_is_asked_for_ever() -> None:
    world = World(heartbeat=5.0).connected()
    world.pass_time(5)
    world.accept(held(world), advice=RETRY)
    for _ in range(5):
        world.settle_down()
        world.pass_time(10)
        world.accept(held(world), advice=RETRY)
    world.settle_down()
    assert held(world).messages[0].advice == Advice(timeout=5000)


def test_an_answer_with_events_proves_nothing_but_ends_a_row() -> None:
    world = World(heartbeat=5.0).connected()
    for _ in range(6):
        world.pass_time(10)
        world.accept(held(world), advice=RETRY)
        world.settle_down()
        connect = held(world)
        world.answer(connect, Message(channel="/a", data=1), world.reply(connect.messages[0], advice=RETRY))
        world.settle_down()
    assert held(world).messages[0].advice == Advice(timeout=5000)


def test_other_failures_say_nothing_of_it() -> None:
    heartbeat = Heartbeat(5.0, 10.0)
    for error in [TransportError("reset")] * 5:
        heartbeat.sent(0.0, 5.0)
        heartbeat.failed(error)
        heartbeat.sent(1.0, None)
        assert not heartbeat.answered(1.0)
    heartbeat.sent(0.0, 5.0)
    heartbeat.failed(ExchangeTimeoutError("late"))
    heartbeat.session_lost()
    assert not heartbeat.answered(1.0)
    assert heartbeat.shorten(30.0) == 5.0
    heartbeat.restart()
    assert (heartbeat.shorten(3.0), heartbeat.grace(None), heartbeat.grace(20.0)) == (None, 10.0, 10.0)
