"""Heartbeat: connects that ask for shorter holds, so that silence is noticed sooner than the server's own timeout.

Knows what it asks for and whether the server goes along. Does not know what follows from silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ExchangeTimeoutError

if TYPE_CHECKING:
    from ..errors import BayeuxError

__all__ = ("Heartbeat",)

# A held connect hides two deaths: of a session that the server removed without a word, as CometD does over WebSocket,
# and of a connection that a network device dropped. Either is noticed when the reply to the connect is late.
#
# `advice.timeout` in a connect is no member of the specification, but CometD, Faye and Salesforce go along with it. A
# server that does not holds its connects longer than asked; to give them up again and again would do harm. So it counts
# how often a connect was late while the next one found the session alive, and stops asking after the second time,
# unless the server has once answered as asked.

_STRIKES: Final = 2
_ON_TIME: Final = 0.5
"""The share of the time asked for that an answer has to take for it to say something: events come sooner."""


class Heartbeat:
    """What connects ask for.

    Args:
        seconds: How long connects are to be held at the most; None for as long as the server advises.
        patience: Seconds that a reply may take beyond its hold.
    """

    def __init__(self, seconds: float | None, patience: float) -> None:
        self._seconds: Final = seconds
        self._patience: Final = patience
        self.restart()

    def restart(self) -> None:
        """Know nothing of the server."""
        self._is_ignored = self._is_proven = self._was_late = False
        self._strikes = 0
        self._sent_at: float | None = None

    def shorten(self, advised: float) -> float | None:
        """The hold to ask for where the server advises this one; None to ask for none."""
        if self._seconds is None or self._is_ignored or self._seconds >= advised:
            return None
        return self._seconds

    def grace(self, hold: float | None) -> float:
        """Seconds that the reply may take beyond a hold that was asked for: it is late after two heartbeats at most."""
        return self._patience if hold is None else min(self._patience, hold)

    def sent(self, now: float, hold: float | None) -> None:
        """A connect leaves that asks for this hold, or for none."""
        self._sent_at = None if hold is None else now

    def answered(self, now: float) -> bool:
        """A connect was accepted; True where the server turns out to ignore what is asked for."""
        if self._sent_at is not None:
            assert self._seconds is not None
            self._is_proven |= now - self._sent_at >= self._seconds * _ON_TIME
            self._strikes, self._was_late = 0, False
        elif self._was_late:
            self._was_late = False
            self._strikes += 1
            self._is_ignored = self._strikes == _STRIKES and not self._is_proven
            return self._is_ignored
        return False

    def failed(self, error: BayeuxError) -> None:
        """A connect failed."""
        self._was_late = self._sent_at is not None and isinstance(error, ExchangeTimeoutError)
        self._sent_at = None

    def session_lost(self) -> None:
        """The session is over: it was the silence that was meant to be noticed."""
        self._was_late, self._strikes, self._sent_at = False, 0, None
