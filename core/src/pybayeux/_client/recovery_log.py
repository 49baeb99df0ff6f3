"""The recovery log: what went wrong since the client was connected last, and a line in the log when it is well again.

Decides nothing: the session recovers by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import SubscribeError
from ..state import ConnectionState

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from .reporter import Reporter

__all__ = ("RecoveryLog",)


class RecoveryLog:
    """Notes failures and recoveries of one session.

    Args:
        reporter: Logs the recoveries.

    Attributes:
        failure: The last failure since the client was connected, or None.
        refused: The channels whose subscribe was refused last, with the error.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter: Final = reporter
        self._lost_at: float | None = None
        self._was_connected = False
        self.failure: BayeuxError | None = None
        self.refused: Final[dict[str, BayeuxError]] = {}

    def start(self) -> None:
        """A session begins: nothing is known of it."""
        self._lost_at = self.failure = None
        self._was_connected = False
        self.refused.clear()

    def failed(self, error: BayeuxError, now: float) -> None:
        """The session deals with a failure by itself."""
        if isinstance(error, SubscribeError):
            self.refused[error.channel] = error
            return
        self.failure = error
        self._lost(now)

    def state_changed(self, old: ConnectionState, new: ConnectionState, now: float) -> None:
        """The session is in another state."""
        if new is ConnectionState.CONNECTED:
            if self._lost_at is not None:
                again = "again " if self._was_connected else ""
                self._reporter.note("connected %s", f"{again}after {now - self._lost_at:.1f} s")
            self._lost_at = self.failure = None
            self._was_connected = True
        elif old is ConnectionState.CONNECTED:
            self._lost(now)

    def subscribed(self, channel: str) -> None:
        """The server has accepted a subscription."""
        if self.refused.pop(channel, None) is not None:
            self._reporter.note("subscribed to %s after a refusal", channel)

    def unsubscribed(self, channel: str) -> None:
        """A channel is no longer wanted."""
        self.refused.pop(channel, None)

    def _lost(self, now: float) -> None:
        if self._lost_at is None:
            self._lost_at = now
