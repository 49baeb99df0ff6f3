from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import ConnectionEvent, ConnectionState, ConnectionStateMachine
from pybayeux.errors import ClientStateError, UsageError

S, E = ConnectionState, ConnectionEvent
SPECIFIED = {
    (S.UNCONNECTED, E.HANDSHAKE_SENT): S.CONNECTING,
    (S.UNCONNECTED, E.TIMEOUT): S.UNCONNECTED,
    (S.CONNECTING, E.TIMEOUT): S.UNCONNECTED,
    (S.CONNECTING, E.CONNECTED): S.CONNECTED,
    (S.CONNECTING, E.DISCONNECT_SENT): S.UNCONNECTED,
    (S.CONNECTED, E.CONNECTED): S.CONNECTED,
    (S.CONNECTED, E.TIMEOUT): S.UNCONNECTED,
    (S.CONNECTED, E.DISCONNECT_SENT): S.UNCONNECTED,
}


@given(st.lists(st.sampled_from(list(E))))
def test_the_machine_follows_the_table_and_stays_where_there_is_no_way(events: list[ConnectionEvent]) -> None:
    machine, expected = ConnectionStateMachine(), S.UNCONNECTED
    for event in events:
        following = SPECIFIED.get((expected, event))
        if following is None:
            with pytest.raises(ClientStateError, match=f"cannot happen while {expected.value}"):
                machine.process_event(event)
        else:
            assert machine.process_event(event) is following
            expected = following
        assert machine.current_state is expected
        assert machine.is_connected() is (expected is S.CONNECTED)


WAYS: dict[ConnectionState, list[ConnectionEvent]] = {
    S.UNCONNECTED: [],
    S.CONNECTING: [E.HANDSHAKE_SENT],
    S.CONNECTED: [E.HANDSHAKE_SENT, E.CONNECTED],
}


def machine_in(state: ConnectionState) -> ConnectionStateMachine:
    """A machine that has come into this state."""
    machine = ConnectionStateMachine()
    for event in WAYS[state]:
        machine.process_event(event)
    assert machine.current_state is state
    return machine


@pytest.mark.parametrize(
    ("state", "event", "following"),
    [
        (S.UNCONNECTED, E.HANDSHAKE_SENT, S.CONNECTING),
        (S.UNCONNECTED, E.TIMEOUT, S.UNCONNECTED),
        (S.UNCONNECTED, E.CONNECTED, None),
        (S.UNCONNECTED, E.DISCONNECT_SENT, None),
        (S.CONNECTING, E.HANDSHAKE_SENT, None),
        (S.CONNECTING, E.TIMEOUT, S.UNCONNECTED),
        (S.CONNECTING, E.CONNECTED, S.CONNECTED),
        (S.CONNECTING, E.DISCONNECT_SENT, S.UNCONNECTED),
        (S.CONNECTED, E.HANDSHAKE_SENT, None),
        (S.CONNECTED, E.TIMEOUT, S.UNCONNECTED),
        (S.CONNECTED, E.CONNECTED, S.CONNECTED),
        (S.CONNECTED, E.DISCONNECT_SENT, S.UNCONNECTED),
    ],
)
def test_the_specifications_table_cell_by_cell(
    state: ConnectionState, event: ConnectionEvent, following: ConnectionState | None
) -> None:
    machine = machine_in(state)
    if following is not None:
        assert machine.process_event(event) is following
        return
    with pytest.raises(ClientStateError) as caught:
        machine.process_event(event)
    assert event.value in str(caught.value)
    assert state.value in str(caught.value)
    assert machine.current_state is state


def test_a_new_machine_is_not_connected() -> None:
    machine = ConnectionStateMachine()
    assert (machine.current_state, machine.is_connected()) == (S.UNCONNECTED, False)
    assert [machine_in(state).is_connected() for state in WAYS] == [False, False, True]


def test_an_event_may_be_given_by_its_words() -> None:
    assert ConnectionStateMachine().process_event("handshake request sent") is S.CONNECTING  # type: ignore[arg-type]


@pytest.mark.parametrize("state", WAYS)
def test_an_unknown_event_is_an_error(state: ConnectionState) -> None:
    machine = machine_in(state)
    with pytest.raises(UsageError, match=r"expected one of handshake request sent, timeout, .*; got 'bogus'"):
        machine.process_event("bogus")  # type: ignore[arg-type]
    assert machine.current_state is state


@pytest.mark.parametrize(
    ("summary", "states"),
    [
        (S.CONNECTED, {S.CONNECTED}),
        (S.CONNECTING, {S.HANDSHAKING, S.REHANDSHAKING, S.HANDSHAKEN, S.CONNECTING}),
        (S.UNCONNECTED, {S.DISCONNECTED, S.UNCONNECTED, S.DISCONNECTING, S.TERMINATING}),
    ],
)
def test_each_state_has_the_specifications_view(summary: ConnectionState, states: set[ConnectionState]) -> None:
    assert {state for state in S if state.summary is summary} == states
