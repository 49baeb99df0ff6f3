"""The table of states and events: each row is reached by a session, and nothing else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from core.tests.session.world import World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import ClientStateError, TransportError
from pybayeux.session import Kind
from pybayeux.session.transitions import TRANSITIONS, SessionEvent, next_state

if TYPE_CHECKING:
    from collections.abc import Callable

S, E = ConnectionState, SessionEvent
BOTH: Final = ["long-polling", "callback-polling"]
REFUSED: Final = TransportError("refused")
UNREACHABLE: Final = TransportError("no such transport there", unavailable=True)

# -- how a session comes into each state


def disconnected() -> World:
    return World(connection_types=tuple(BOTH))


def handshaking() -> World:
    world = disconnected()
    world.session.start(world.now)
    world.settle_down()
    return world


def handshaken() -> World:
    """The first connect waits for the interval."""
    world = handshaking()
    handshake = world.current(Kind.HANDSHAKE)
    world.accept(handshake, supported_connection_types=BOTH, advice=Advice(reconnect="retry", interval=1000))
    return world


def connecting() -> World:
    world = handshaken()
    world.until(Kind.CONNECT)
    return world


def connected() -> World:
    """The second connect is under way."""
    world = connecting()
    world.accept(world.current(Kind.CONNECT))
    world.until(Kind.CONNECT)
    return world


def unconnected() -> World:
    """The very first connect failed, the second one is under way."""
    world = connecting()
    world.fail(world.current(Kind.CONNECT), REFUSED)
    world.until(Kind.CONNECT)
    return world


def rehandshaking() -> World:
    world = connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.until(Kind.HANDSHAKE)
    return world


def disconnecting() -> World:
    world = connected()
    world.session.close(world.now)
    return world


REACHED: Final[dict[ConnectionState, Callable[[], World]]] = {
    S.DISCONNECTED: disconnected,
    S.HANDSHAKING: handshaking,
    S.REHANDSHAKING: rehandshaking,
    S.HANDSHAKEN: handshaken,
    S.CONNECTING: connecting,
    S.CONNECTED: connected,
    S.UNCONNECTED: unconnected,
    S.DISCONNECTING: disconnecting,
    S.TERMINATING: connected,  # lasts no time: an abort leads through it
}

# -- how each event happens


def control(world: World) -> Kind:
    return Kind.HANDSHAKE if world.has(Kind.HANDSHAKE) else Kind.CONNECT


def fail(world: World) -> None:
    world.fail(world.current(control(world)), REFUSED)


def accept(world: World) -> None:
    world.accept(world.current(control(world)))


def lose_connection(world: World) -> None:
    """Between two connects."""
    if world.state() is S.CONNECTING:
        change_transport(world)
    else:
        world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=1000))
    world.session.interrupted(REFUSED, world.now)


def change_transport(world: World) -> None:
    world.fail(world.current(control(world)), UNREACHABLE)


def connect(world: World) -> None:
    if world.state() is S.CONNECTING:
        change_transport(world)
    world.until(Kind.CONNECT)


def lose_session(world: World) -> None:
    world.session.rehandshake("test")
    world.step()


def disconnect(world: World) -> None:
    world.settle_down()
    world.accept(world.current(Kind.DISCONNECT))
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="none"))


HAPPENS: Final[dict[SessionEvent, Callable[[World], object]]] = {
    E.START: lambda world: world.session.start(world.now),
    E.HANDSHAKE_SENT: World.settle_down,
    E.HANDSHAKE_ACCEPTED: accept,
    E.HANDSHAKE_FAILED: fail,
    E.CONNECT_SENT: connect,
    E.CONNECT_ACCEPTED: accept,
    E.CONNECT_FAILED: fail,
    E.CONNECTION_LOST: lose_connection,
    E.TRANSPORT_CHANGED: change_transport,
    E.SESSION_LOST: lose_session,
    E.CLOSE: lambda world: world.session.close(world.now),
    E.DISCONNECT_SENT: World.settle_down,
    E.DISCONNECT_DONE: disconnect,
    E.ABORT: lambda world: world.session.abort(None),
    E.CLEARED: lambda world: world.session.abort(None),
}

ROWS: Final = [(state, event, following) for state, row in TRANSITIONS.items() for event, following in row.items()]
IMPOSSIBLE: Final = [(state, event) for state in S for event in E if event not in TRANSITIONS[state]]


@pytest.mark.parametrize(("state", "event", "following"), ROWS)
def test_each_row_is_gone_by(state: ConnectionState, event: SessionEvent, following: ConnectionState) -> None:
    assert next_state(state, event) is following
    assert event in TRANSITIONS[state]
    world = REACHED[state]()
    HAPPENS[event](world)
    assert (state, event, following) in world.rows


@pytest.mark.parametrize(("state", "event"), IMPOSSIBLE)
def test_what_is_not_in_the_table_raises(state: ConnectionState, event: SessionEvent) -> None:
    assert event not in TRANSITIONS[state]
    with pytest.raises(ClientStateError, match=f"'{event}' cannot happen while {state}; expected one of ") as raised:
        next_state(state, event)
    assert all(allowed.value in str(raised.value) for allowed in TRANSITIONS[state])


# -- what the table as a whole promises


def test_every_state_has_a_way_in_and_a_way_out() -> None:
    assert set(TRANSITIONS) == set(S)
    assert all(TRANSITIONS.values())
    assert {following for _, _, following in ROWS} == set(S)


def test_every_event_happens_somewhere() -> None:
    assert {event for _, event, _ in ROWS} == set(E)


@pytest.mark.parametrize("state", S)
def test_the_end_can_be_reached_from_everywhere(state: ConnectionState) -> None:
    seen, edge = {state}, {state}
    while edge:
        edge = {following for each in edge for following in TRANSITIONS[each].values()} - seen
        seen |= edge
    assert S.DISCONNECTED in seen


def test_the_end_leads_nowhere_but_to_a_new_start() -> None:
    assert set(TRANSITIONS[S.DISCONNECTED].values()) == {S.HANDSHAKING}
    assert set(TRANSITIONS[S.DISCONNECTING].values()) == {S.DISCONNECTING, S.TERMINATING}
    assert set(TRANSITIONS[S.TERMINATING].values()) == {S.DISCONNECTED}


def test_a_running_session_may_be_lost_closed_and_aborted_at_any_moment() -> None:
    running = {state for state in S if E.SESSION_LOST in TRANSITIONS[state]}
    assert running == {state for state in S if E.CLOSE in TRANSITIONS[state]}
    assert running | {S.DISCONNECTING} == {state for state in S if E.ABORT in TRANSITIONS[state]}
    assert len(running) == 6


# -- what comes at the wrong moment


@pytest.mark.parametrize("state", [state for state in S if state is not S.TERMINATING])
def test_nothing_that_comes_unasked_is_impossible(state: ConnectionState) -> None:
    world = REACHED[state]()
    assert world.state() is state
    session = world.session
    session.interrupted(REFUSED, world.now)
    session.slept(3600, world.now)
    for message in (Message(channel="/meta/disconnect"), Message(channel="/meta/connect", id="77", successful=True)):
        session.receive(session.admit([message]), {}, world.now)
    session.close(world.now)
    session.close(world.now)
    session.abort(None)
    session.abort(None)
    assert world.state() is S.DISCONNECTED


@pytest.mark.parametrize("state", [S.DISCONNECTED, S.HANDSHAKING, S.REHANDSHAKING, S.DISCONNECTING])
def test_an_end_by_the_server_is_nothing_where_there_is_no_session_to_end(state: ConnectionState) -> None:
    world = REACHED[state]()
    before = list(world.errors)
    world.session.receive(world.session.admit([Message(channel="/meta/disconnect")]), {}, world.now)
    world.step()
    assert world.state() is state
    assert world.errors == before
