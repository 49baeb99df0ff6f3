"""Connection states: the three of the specification with their table, those of a client, and connection types.

The table of a client's states is in `pybayeux.session.transitions`.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .errors import ClientStateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ConnectionEvent", "ConnectionState", "ConnectionStateMachine", "ConnectionType")


class ConnectionType(StrEnum):
    """The names of the transports that the protocol defines (Bayeux 1.0, section 6).

    Other names can be used if an extension registers a transport with that name.
    """

    LONG_POLLING = "long-polling"
    CALLBACK_POLLING = "callback-polling"
    IFRAME = "iframe"
    WEBSOCKET = "websocket"


class ConnectionState(StrEnum):
    """The state of a connection.

    The specification has three, UNCONNECTED, CONNECTING and CONNECTED (Bayeux 1.0, section 2.5); `summary` returns one
    of them. The others say what a client is doing, with the names of CometD's Java client.
    """

    DISCONNECTED = "disconnected"
    """Not started, or ended: nothing is sent."""
    HANDSHAKING = "handshaking"
    """The first handshake is under way, or will be tried again."""
    REHANDSHAKING = "rehandshaking"
    """The session was lost: a new handshake is under way, or will be tried again."""
    HANDSHAKEN = "handshaken"
    """The handshake succeeded; the first connect is not sent yet."""
    CONNECTING = "connecting"
    """The first connect of the session is under way."""
    CONNECTED = "connected"
    """The last connect succeeded."""
    UNCONNECTED = "unconnected"
    """The last connect failed; it is tried again in the same session."""
    DISCONNECTING = "disconnecting"
    """The user closed the session: waiting messages are sent, then a disconnect."""
    TERMINATING = "terminating"
    """The session has ended: every call that waits for a reply gets an error."""

    @property
    def summary(self) -> ConnectionState:
        """The specification's view: UNCONNECTED, CONNECTING or CONNECTED."""
        if self is ConnectionState.CONNECTED:
            return self
        return ConnectionState.CONNECTING if self in _UNDER_WAY else ConnectionState.UNCONNECTED


class ConnectionEvent(StrEnum):
    """The events of the specification's state machine (Bayeux 1.0, section 2.5)."""

    HANDSHAKE_SENT = "handshake request sent"
    TIMEOUT = "timeout"
    CONNECTED = "successful connect response"
    DISCONNECT_SENT = "disconnect request sent"


_S = ConnectionState
_UNDER_WAY: Final = frozenset({_S.HANDSHAKING, _S.REHANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING})

_SPECIFIED: Final[Mapping[tuple[ConnectionState, ConnectionEvent], ConnectionState]] = MappingProxyType(
    {
        (_S.UNCONNECTED, ConnectionEvent.HANDSHAKE_SENT): _S.CONNECTING,
        (_S.UNCONNECTED, ConnectionEvent.TIMEOUT): _S.UNCONNECTED,
        (_S.CONNECTING, ConnectionEvent.TIMEOUT): _S.UNCONNECTED,
        (_S.CONNECTING, ConnectionEvent.CONNECTED): _S.CONNECTED,
        (_S.CONNECTING, ConnectionEvent.DISCONNECT_SENT): _S.UNCONNECTED,
        (_S.CONNECTED, ConnectionEvent.CONNECTED): _S.CONNECTED,
        (_S.CONNECTED, ConnectionEvent.TIMEOUT): _S.UNCONNECTED,
        (_S.CONNECTED, ConnectionEvent.DISCONNECT_SENT): _S.UNCONNECTED,
    }
)


class ConnectionStateMachine:
    """The specification's own state machine, of three states (Bayeux 1.0, section 2.5)."""

    def __init__(self) -> None:
        self._state = ConnectionState.UNCONNECTED

    @property
    def current_state(self) -> ConnectionState:
        """UNCONNECTED, CONNECTING or CONNECTED."""
        return self._state

    def is_connected(self) -> bool:
        """Whether the current state is CONNECTED."""
        return self._state is ConnectionState.CONNECTED

    def process_event(self, event: ConnectionEvent) -> ConnectionState:
        """Apply an event, and return the new state.

        Raises:
            ClientStateError: The event cannot happen in the current state, which does not change.
            UsageError: There is no such event.
        """
        try:
            known = ConnectionEvent(event)
        except ValueError:
            raise UsageError(f"expected one of {', '.join(ConnectionEvent)}; got {event!r}") from None
        following = _SPECIFIED.get((self._state, known))
        if following is None:
            raise ClientStateError(f"{known.value!r} cannot happen while {self._state.value}")
        self._state = following
        return following
