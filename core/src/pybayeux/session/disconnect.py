"""Disconnect lane: the end of a session that the user wants (Bayeux 1.0, section 4.3).

Knows nothing of what waits to be sent before: `session` asks for the disconnect when nothing does.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, Final

from .. import requests
from .exchange import Exchange, Kind, Request
from .transitions import SessionEvent

if TYPE_CHECKING:
    from .state import SessionState

__all__ = ("DisconnectLane",)

# The server answers two requests at the end: the disconnect, and the connect that it holds. CometD may answer the
# connect last, and to hang up before would leave it in the server's log as a broken connection. So both are waited for,
# but neither for long: the user wants to go.

_HELD_CONNECT_WAIT: Final = 1.0
"""Seconds to wait for the reply to the held connect once the disconnect is answered."""


class _Phase(Enum):
    IDLE = auto()
    """The user has not closed the session."""
    FLUSHING = auto()
    """What waits is being sent first."""
    SENT = auto()
    """The disconnect is under way."""
    ANSWERED = auto()
    """The server knows, or will not say; the held connect may still be under way."""


class DisconnectLane:
    """One disconnect, and the time at which the session is over in any case.

    Attributes:
        outstanding: The disconnect under way, or None.
    """

    def __init__(self, state: SessionState) -> None:
        self._state: Final = state
        self.outstanding: Exchange | None = None
        self._phase = _Phase.IDLE
        self._close_by = inf

    def begin(self, now: float) -> None:
        """The user closes the session: it is over within the network's delay, whatever is still on its way."""
        self._phase, self._close_by = _Phase.FLUSHING, now + self._state.config.max_network_delay

    def next(self, now: float) -> Exchange | None:
        """The disconnect, once; None afterwards."""
        client_id = self._state.client_id
        if self._phase is not _Phase.FLUSHING or client_id is None:
            return None
        self._phase = _Phase.SENT
        self._state.on(SessionEvent.DISCONNECT_SENT)
        self.outstanding = self._state.open(Kind.DISCONNECT, [Request(requests.disconnect(client_id))], now)
        return self.outstanding

    def answered(self, now: float, held: Exchange | None) -> None:
        """The disconnect was answered, or has failed; `held` is a connect that the server still holds."""
        self._phase, self.outstanding = _Phase.ANSWERED, None
        if held is not None:
            self._close_by = min(now + _HELD_CONNECT_WAIT, held.deadline)

    def drop(self) -> None:
        """The session is over: no reply is waited for any more."""
        if self.outstanding is not None:
            self._state.abandon(self.outstanding)
        self.outstanding, self._phase, self._close_by = None, _Phase.IDLE, inf

    @property
    def is_answered(self) -> bool:
        """Whether the server has answered, or will not."""
        return self._phase is _Phase.ANSWERED

    def is_overdue(self, now: float) -> bool:
        """Whether the time is up."""
        return now >= self._close_by

    def wake_at(self) -> float:
        """When this lane wants to be asked again; infinity for never."""
        return self._close_by if self.outstanding is None else min(self._close_by, self.outstanding.deadline)
