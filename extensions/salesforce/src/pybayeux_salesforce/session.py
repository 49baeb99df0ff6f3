"""Sessions at Salesforce: the timeouts that the server does not announce, and sessions that are lost too soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Advice

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("HOLD", "MAX_INTERVAL", "SessionLifetimes", "complete_advice")

# "Client Connections and Timeouts", Streaming API Developer Guide. The reply to the handshake has neither of the two,
# the reply to the first connect only the first.
HOLD: Final = 110.0
"""Seconds that the server holds a connect."""
MAX_INTERVAL: Final = 40.0
"""Seconds that a session lives without a connect."""

_SHORT: Final = 30.0
_MANY: Final = 3
_DIAGNOSIS: Final = (
    f"{_MANY} sessions in a row were lost within {_SHORT:.0f} s. Check whether a proxy or an HTTP client strips the "
    "server's cookies, whether another client shares this one's cookies (each client needs its own cookie jar), and "
    "whether a proxy spreads the requests over several IP addresses while the org locks sessions to one"
)


def complete_advice(handshake: Message, max_interval: float) -> None:
    """Add the server's timeouts to the advice of a handshake reply; values that it has stay.

    Args:
        handshake: The reply, which is changed in place.
        max_interval: Seconds that a session lives without a connect.
    """
    advice = handshake.advice = handshake.advice or Advice()
    if advice.timeout is None:
        advice.timeout = round(HOLD * 1000)
    if advice.max_interval is None:
        advice.max_interval = round(max_interval * 1000)


class SessionLifetimes:
    """Diagnoses sessions that are lost again and again right after they started.

    The load balancer moves a client to another server every few hours, which is normal. A session that lives for
    seconds has another cause, and further handshakes do not help.
    """

    def __init__(self) -> None:
        self._started_at: float | None = None
        self._short = 0

    def started(self, now: float) -> None:
        """Note a successful handshake.

        Args:
            now: The present time in seconds, of any clock.
        """
        self._started_at = now

    def lost(self, now: float) -> str:
        """Note that the server no longer knows the session. Returns the diagnosis, once, else an empty text.

        Args:
            now: The present time in seconds, of the same clock as in `started`.
        """
        if self._started_at is None:
            return ""
        is_short = now - self._started_at < _SHORT
        self._started_at = None
        self._short = self._short + 1 if is_short else 0
        return _DIAGNOSIS if self._short == _MANY else ""
