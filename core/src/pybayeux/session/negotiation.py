"""Which transport carries what: the handshake, and after it the session.

Owns the order of preference and what is known of each transport. A handshake asks by polling what else the server has,
so that no WebSocket is tried in vain (every server has long-polling: Bayeux 1.0, section 6). The session then moves,
with its client id, to the best transport that both sides have. CometD 8 and Faye go along with a change to WebSocket;
from one kind of polling to another CometD does not, so the handshake travels by the kind that is preferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Negotiation",)

_WEBSOCKET: Final = "websocket"


class Negotiation:
    """Chooses among the transports allowed.

    A transport that cannot reach the server, such as a WebSocket behind a proxy that knows none, gives way to the next
    one and is not tried again, unless the next one fails too: then it was the network. One that has carried a connect
    is stuck to for as long as its session lives.

    Args:
        allowed: Names of transports in the order of preference.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed: Final = tuple(allowed)
        self._unusable: set[str] = set()
        self._proven: set[str] = set()

    def restart(self) -> None:
        """Know nothing of any transport."""
        self._unusable.clear()
        self._proven.clear()

    @property
    def usable(self) -> tuple[str, ...]:
        """The transports that may work, in the order of preference."""
        return tuple(name for name in self._allowed if name not in self._unusable)

    def for_handshake(self) -> str:
        """The transport that a handshake travels by."""
        usable = self.usable
        return next((name for name in usable if name != _WEBSOCKET), usable[0])

    def best_of(self, offered: Sequence[str] | None) -> str | None:
        """The best transport that the server offers too, or None; one that says nothing offers what it answered on.

        One that could not reach the server before is better than none.
        """
        if not offered:
            return self.for_handshake()
        return next((name for name in (*self.usable, *self._allowed) if name in offered), None)

    def works(self, name: str) -> None:
        """A connect was answered on this transport."""
        self._proven.add(name)

    def session_lost(self) -> None:
        """What carried the last session need not carry the next one."""
        self._proven.clear()

    def cannot_reach(self, name: str) -> bool:
        """This transport cannot reach the server; whether to go on with another one."""
        if name in self._proven or self.usable == (name,):
            return False
        self._unusable.add(name)
        return True

    def network_failed(self) -> None:
        """The network is down: nothing can be told of what was unusable, unless something else has worked since."""
        if not self._proven:
            self._unusable.clear()
