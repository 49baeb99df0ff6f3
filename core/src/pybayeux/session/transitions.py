"""The states of a session and the events that move it: one table, and the reasons for it.

Knows no message, no advice and no time: other modules decide which event has happened.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ..errors import ClientStateError
from ..state import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("TRANSITIONS", "SessionEvent", "next_state")

# The state machine of a session
# ==============================
#
# Rule 1: a session changes its state by an event of the table below and in no other way. An event that the table does
# not allow in the present state raises. So a mistake in the rest of this package shows at once, and not as a client
# that waits for ever.
#
# Rule 2: this file does not know why an event has happened. Whether a refused connect is CONNECT_FAILED or SESSION_LOST
# is a question of error codes and advice; `connect_lane` answers it. Here it is only said what follows.
#
# What the specification says
# ---------------------------
#
# Bayeux 1.0 (section 2.5) knows three states and four events:
#
#     UNCONNECTED  -- handshake request sent ------> CONNECTING
#     CONNECTING   -- successful connect response -> CONNECTED
#     CONNECTING, CONNECTED -- timeout ------------> UNCONNECTED
#     CONNECTING, CONNECTED -- disconnect sent ----> UNCONNECTED
#
# `pybayeux.state.ConnectionStateMachine` is that machine, and `ConnectionState.summary` maps every state here to one of
# its three. It is too small to run a client. A connect that failed (try again in the same session) and a session that
# the server forgot (handshake again, subscribe again) are the same to it; so are an outage and an end that the user
# wants.
#
# CometD's Java client therefore has nine states, and so have we, under the same names. `pybayeux.state` documents each.
#
# The life of a session
# ---------------------
#
# A session begins with a handshake, which brings a client id: HANDSHAKING, then HANDSHAKEN. From then on one connect
# follows another, and the server holds each until it has events or its timeout is over. The first connect makes
# CONNECTING, each accepted one CONNECTED. A connect that breaks makes UNCONNECTED; the server still has the session,
# and the next connect is sent after a backoff.
#
# When the server has forgotten the session, REHANDSHAKING gets a new one with a new client id. To the user it is the
# same session: every subscription is restored, and what waits to be sent is sent then.
#
# The end has two steps. DISCONNECTING still talks to the server: it sends what waits, then a disconnect. TERMINATING
# no longer does: all that still waits for a reply gets an error. From DISCONNECTED the session may be started again.
#
# What is not in the table
# ------------------------
#
# Three smaller things beside it have states of their own. They can be in any of theirs while the session is in any of
# its own, so that one table for all would be their product. Each is an enum in the module that it belongs to:
#
# 1) each subscription: UNSENT, PENDING or ACTIVE (`subscriptions`);
# 2) the connect throttle, which holds connects back for slow receivers (`connect_throttle`);
# 3) the disconnect: first what waits is flushed, then the disconnect is sent, then answered (`disconnect`).
#
# How often and how long something has failed is history and no state (`FailureHistory` in `backoff`). It decides when
# the next attempt is made, and twice which event a failure is: until a connect was accepted, a handshake that can only
# fail again is an ABORT; an outage that outlasts the session on the server is a SESSION_LOST.
#
# Guards
# ------
#
# The rest of the package asks the table instead of listing states again. A handshake may be sent where the table allows
# HANDSHAKE_SENT; there is a session where it allows CONNECT_SENT; the session is running where it allows SESSION_LOST.


class SessionEvent(StrEnum):
    """What can happen to a session. Bayeux events, which carry data, are no part of this."""

    START = "start"
    """The user starts the session."""
    HANDSHAKE_SENT = "handshake sent"
    """A handshake is on its way."""
    HANDSHAKE_ACCEPTED = "handshake accepted"
    """The server gave a client id, and there is a transport that both sides have."""
    HANDSHAKE_FAILED = "handshake failed"
    """The handshake was refused or got no usable reply; it is tried again."""
    CONNECT_SENT = "connect sent"
    """A connect is on its way; the server may hold it."""
    CONNECT_ACCEPTED = "connect accepted"
    """The server answered a connect with success."""
    CONNECT_FAILED = "connect failed"
    """A connect was refused or got no reply; it is tried again in the same session."""
    CONNECTION_LOST = "connection lost"
    """A WebSocket broke while no connect was under way on it."""
    TRANSPORT_CHANGED = "transport changed"
    """The transport cannot reach the server; another one takes over at once."""
    SESSION_LOST = "session lost"
    """The session is over on the server, or an extension wants a new one: a handshake is due."""
    CLOSE = "close"
    """The user closes the session."""
    DISCONNECT_SENT = "disconnect sent"
    """The disconnect is on its way."""
    DISCONNECT_DONE = "disconnect done"
    """The disconnect is answered, took too long, or is not worth sending."""
    ABORT = "abort"
    """The session ends at once: an error that nothing helps against, or the user's wish."""
    CLEARED = "cleared"
    """Everything that waited for a reply has its error."""


_S = ConnectionState
_E = SessionEvent

TRANSITIONS: Final[Mapping[ConnectionState, Mapping[SessionEvent, ConnectionState]]] = MappingProxyType(
    {
        _S.DISCONNECTED: {
            # Nothing else can happen here. Replies still come in, as from a connect that was abandoned; they answer
            # nothing any more and are dropped before they reach this table.
            _E.START: _S.HANDSHAKING,
        },
        _S.HANDSHAKING: {
            _E.HANDSHAKE_SENT: _S.HANDSHAKING,
            _E.HANDSHAKE_ACCEPTED: _S.HANDSHAKEN,
            # The specification has a negotiation here: a refusal with advice to handshake asks for other credentials
            # in the next attempt (section 4.1). Servers also say so to credentials that will never do. The state
            # stays, and the backoff keeps the attempts apart.
            _E.HANDSHAKE_FAILED: _S.HANDSHAKING,
            _E.TRANSPORT_CHANGED: _S.HANDSHAKING,
            # An extension asked for a new session before there was one, as with a fresh token. It is still the first
            # handshake: CometD's table goes to REHANDSHAKING here, ours does not, so that REHANDSHAKING always means
            # that a session was lost.
            _E.SESSION_LOST: _S.HANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.REHANDSHAKING: {
            _E.HANDSHAKE_SENT: _S.REHANDSHAKING,
            _E.HANDSHAKE_ACCEPTED: _S.HANDSHAKEN,
            _E.HANDSHAKE_FAILED: _S.REHANDSHAKING,
            _E.TRANSPORT_CHANGED: _S.REHANDSHAKING,
            _E.SESSION_LOST: _S.REHANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.HANDSHAKEN: {
            # The first connect waits for the advised interval, and for events that CometD announced with its reply to
            # the handshake. No connect is under way, so none can be accepted or fail.
            _E.CONNECT_SENT: _S.CONNECTING,
            _E.SESSION_LOST: _S.REHANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.CONNECTING: {
            # A second time only after the transport has changed.
            _E.CONNECT_SENT: _S.CONNECTING,
            _E.CONNECT_ACCEPTED: _S.CONNECTED,
            _E.CONNECT_FAILED: _S.UNCONNECTED,
            _E.CONNECTION_LOST: _S.UNCONNECTED,
            # The session moves to another transport with its client id; CometD 8 and Faye go along with that.
            _E.TRANSPORT_CHANGED: _S.CONNECTING,
            _E.SESSION_LOST: _S.REHANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.CONNECTED: {
            # The one state whose connects the server may hold. In every other one a connect carries
            # `advice: {"timeout": 0}`, which asks for an answer at once: Faye and CometD for Node would hold it, and
            # the client could not tell a session that stands from a server that is silent.
            _E.CONNECT_SENT: _S.CONNECTED,
            # Also where the reply advises `none`: CometD says so of a session that it has just removed. The next
            # connect then brings 402, which is SESSION_LOST. Clients that obey `none` here stop without an error.
            _E.CONNECT_ACCEPTED: _S.CONNECTED,
            _E.CONNECT_FAILED: _S.UNCONNECTED,
            _E.CONNECTION_LOST: _S.UNCONNECTED,
            # No TRANSPORT_CHANGED: a transport that has carried a connect is kept for as long as the session lives.
            _E.SESSION_LOST: _S.REHANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.UNCONNECTED: {
            _E.CONNECT_SENT: _S.UNCONNECTED,
            _E.CONNECT_ACCEPTED: _S.CONNECTED,
            # No CONNECTION_LOST: the outage is known already, by the connect that failed.
            _E.CONNECT_FAILED: _S.UNCONNECTED,
            # Only where the very first connect has failed; after that the transport has been proven.
            _E.TRANSPORT_CHANGED: _S.UNCONNECTED,
            # Also without a word from the server: after an outage longer than the lifetime that CometD advises
            # (`maxInterval`), it has forgotten the session, and would answer a connect with 402.
            _E.SESSION_LOST: _S.REHANDSHAKING,
            _E.CLOSE: _S.DISCONNECTING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.DISCONNECTING: {
            # Nothing that the server says brings the session back now: an accepted connect is the one it had held, and
            # servers answer it when the session goes, with any advice.
            _E.DISCONNECT_SENT: _S.DISCONNECTING,
            _E.DISCONNECT_DONE: _S.TERMINATING,
            _E.ABORT: _S.TERMINATING,
        },
        _S.TERMINATING: {
            # Lasts no time. It exists so that hooks and listeners see the end before the last errors are delivered.
            _E.CLEARED: _S.DISCONNECTED,
        },
    }
)
"""From each state, the events that can happen in it, and the state that follows each."""


def next_state(state: ConnectionState, event: SessionEvent) -> ConnectionState:
    """The state that follows an event.

    Raises:
        ClientStateError: The event cannot happen in this state.
    """
    following = TRANSITIONS[state].get(event)
    if following is None:
        expected = ", ".join(TRANSITIONS[state])
        raise ClientStateError(f"{event.value!r} cannot happen while {state.value}; expected one of {expected}")
    return following
