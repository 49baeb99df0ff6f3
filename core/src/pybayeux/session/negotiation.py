"""Negotiation: which transport carries the handshake, and which one the session after it.

Owns the order of preference and what is known of each transport. Does not know what a transport is: names are all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Negotiation",)

_WEBSOCKET: Final = "websocket"


class Negotiation:
    """Chooses among the transports allowed.

    A handshake travels by polling and asks what else the server has, so that no WebSocket is tried in vain: every
    server has long-polling (Bayeux 1.0, section 6). The session then moves, with its client id, to the best transport
    that both sides have.

    A transport that cannot reach the server, such as a WebSocket behind a proxy that knows none, gives way to the next
    one and is not tried again, unless the next one fails too: then it was the network. One that has carried a connect
    is kept for as long as its session lives.

    Args:
        allowed: Names of transports in the order of preference.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed: Final = tuple(allowed)
        self._unreachable: tuple[str, ...] = ()
        self._working: tuple[str, ...] = ()
        self._offered: Sequence[str] | None = None

    def restart(self) -> None:
        """Know nothing of any transport."""
        self._unreachable = ()
        self._working = ()

    @property
    def usable(self) -> tuple[str, ...]:
        """The transports that may work, in the order of preference."""
        return tuple(name for name in self._allowed if name not in self._unreachable)

    def for_handshake(self) -> str:
        """The transport that a handshake travels by."""
        # CometD 8 and Faye let a session move from polling to WebSocket, but CometD not from one kind of polling to
        # another: so the handshake takes the kind that is preferred, and not always long-polling.
        usable = self.usable
        return next((name for name in usable if name != _WEBSOCKET), usable[0])

    def best_of(self, offered: Sequence[str] | None) -> str | None:
        """The best transport that the server offers too, or None.

        A server that offers nothing offers the transport that it answered on. A transport that could not reach the
        server before is better than none.
        """
        if not offered:
            return self.for_handshake()
        return next((name for name in (*self.usable, *self._allowed) if name in offered), None)

    def choose(self, offered: Sequence[str] | None) -> str | None:
        """The transport for a new session, or None where both sides have none in common."""
        self._offered = offered
        return self.best_of(offered)

    def choose_again(self) -> str:
        """The transport for the same session after the one before could not reach the server; it may be that again."""
        chosen = self.best_of(self._offered)
        assert chosen is not None, "there was one for this session"
        return chosen

    def connect_accepted(self, name: str) -> None:
        """This transport has carried a connect."""
        if name not in self._working:
            self._working = (*self._working, name)

    def session_lost(self) -> None:
        """The next session may need another transport than the last one."""
        self._working = ()

    def cannot_reach(self, name: str) -> bool:
        """Give this transport up; False where it has worked, or is the only one left."""
        if name in self._working or self.usable == (name,):
            return False
        self._unreachable = tuple({*self._unreachable, name})
        return True

    def network_failed(self) -> None:
        """The network is down: what seemed unreachable may not be, unless another transport has worked since."""
        if not self._working:
            self._unreachable = ()
