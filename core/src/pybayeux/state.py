"""Connection states: the specification's three with their table, those of a client, and the names of the transports.

Does not know how a client moves between its states: that table is in `pybayeux.session.transitions`.
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
    """The names of the transports that the protocol knows (Bayeux 1.0, section 6).

    A name that is not here serves as well, if an extension registers a transport under it.
    """

    LONG_POLLING = "long-polling"
    CALLBACK_POLLING = "callback-polling"
    IFRAME = "iframe"
    WEBSOCKET = "websocket"


class ConnectionState(StrEnum):
    """Where a connection stands.

    The specification knows three of them, UNCONNECTED, CONNECTING and CONNECTED (Bayeux 1.0, section 2.5);
    `summary` returns that view. The others say what a client is doing, under the names of CometD's Java client.
    """

    DISCONNECTED = "disconnected"
    """Not started, or ended: nothing is sent."""
    HANDSHAKING = "handshaking"
    """The first handshake is under way, or waits to be tried again."""
    REHANDSHAKING = "rehandshaking"
    """The session was lost: a new handshake is under way, or waits to be tried again."""
    HANDSHAKEN = "handshaken"
    """The server gave a client id; the first connect is not sent yet."""
    CONNECTING = "connecting"
    """The first connect of the session is under way."""
    CONNECTED = "connected"
    """The last connect succeeded."""
    UNCONNECTED = "unconnected"
    """The last connect failed; the session is being tried again."""
    DISCONNECTING = "disconnecting"
    """The user closed the session: what waits is sent, then a disconnect."""
    TERMINATING = "terminating"
    """The session is over: everything that waits for a reply gets its error."""

    @property
    def summary(self) -> ConnectionState:
        """The specification's view: UNCONNECTED, CONNECTING or CONNECTED."""
        if self is ConnectionState.CONNECTED:
            return self
        return ConnectionState.CONNECTING if self in _UNDER_WAY else ConnectionState.UNCONNECTED


class ConnectionEvent(StrEnum):
    """What moves the specification's state machine (Bayeux 1.0, section 2.5)."""

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
        """Move on by what happened, and return the new state.

        Raises:
            ClientStateError: The event cannot happen in the current state; the state stays.
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
