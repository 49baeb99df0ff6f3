"""The target `session`: the protocol's state machine against a scripted server, in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.tests.session.world import World
from pybayeux import ConnectionState, Message, decode
from pybayeux.errors import MessageDecodeError, TransportError
from tests.fuzz.script import Action, read_script

if TYPE_CHECKING:
    from pybayeux.session import Exchange

__all__ = ("session",)

_DELAY: Final = 5.0
"""The network's delay of these sessions."""
_LATENCY: Final = 0.02
_MINUTE: Final = 60.0
_MOST_REQUESTS: Final = 600
"""Requests in a minute of virtual time: fewer than a server can answer, more than a client has a reason to send."""


def session(data: bytes) -> None:
    """A session survives whatever is answered, does not rush the server, and ends when it is closed."""
    world = World(max_network_delay=_DELAY, connection_types=("websocket", "long-polling"), host="a.example")
    world.session.start(world.now)
    world.session.subscribe("/a")
    world.session.subscribe("/b/**")
    has_events = False
    for action in read_script(data):
        _step(world)
        if not world.under_way:
            _wake(world)
        if world.under_way:
            has_events |= _act(world, world.under_way[0], action)
        if world.state() is ConnectionState.CONNECTED:
            world.session.send(Message(channel="/c", data=1))
    if not has_events:
        _check_pace(world)
    _check_end(world)


def _step(world: World) -> None:
    for _ in range(50):
        if not world.step().start:
            break
    else:
        raise AssertionError("the session starts requests without end")
    assert world.wake_at is None or world.wake_at > world.now
    assert len(_awaited(world)) <= 3
    world.notices.clear()


def _awaited(world: World) -> list[Exchange]:
    """The exchanges under way, but those whose replies have come in the answer to another one."""
    return [exchange for exchange in world.under_way if exchange.unanswered]


def _wake(world: World) -> None:
    if world.wake_at is not None:
        world.now = max(world.now, world.wake_at)
        _step(world)


def _act(world: World, exchange: Exchange, action: Action) -> bool:
    """Do what the script says; returns whether events were received."""
    world.pass_time(action.delay or _LATENCY)
    if exchange not in world.under_way:  # it took too long
        return False
    if action.breaks:
        world.fail(exchange, TransportError("the connection broke"))
        return False
    if action.body is None:
        world.pass_time(3 * _MINUTE)
        return False
    try:
        messages = decode(action.answer_to(exchange.messages[0]))
    except MessageDecodeError as error:
        world.fail(exchange, error)
        return False
    world.answer(exchange, *messages)
    return any(message.has_data for message in messages)


def _check_pace(world: World) -> None:
    """A server that goes on in the same way, with every answer at once, is not asked more than is good for it."""
    sent, end = len(world.sent), world.now + _MINUTE
    while world.now < end and world.session.view.is_alive:
        _step(world)
        if world.under_way:
            world.now += _LATENCY
            exchange = world.under_way[0]
            world.accept(exchange)
        elif world.wake_at is None:
            return
        else:
            world.now = world.wake_at
    assert len(world.sent) - sent <= _MOST_REQUESTS


def _check_end(world: World) -> None:
    world.session.close(world.now)
    world.pass_time(2 * _DELAY)
    assert world.state() is ConnectionState.DISCONNECTED
    assert not world.step().start
    assert _awaited(world) == []
