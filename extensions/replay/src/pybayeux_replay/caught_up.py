"""The last time at which the client had received every event that the server had.

A server answers a connect at once if it has events to send, and holds it otherwise. So if a connect was held, and no
event came with its reply, the server had nothing to send when the connect left. Other signs are not used: while a
server sends a backlog piece by piece, connects are answered and all received events are handled as well.

This rests on an assumption about the server, that it does not hold a connect while it has events. Whether that is to be
trusted is decided here alone: `quiet_until` is the only result.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

__all__ = ("CaughtUpDetector",)

_HELD: Final = timedelta(seconds=1)
"""A connect that is answered later than this was held."""


class CaughtUpDetector:
    """Watches the connects and events of one client.

    Attributes:
        event_seen: Whether an event came since the last connect left. The caller sets it for each event, since a call
            for each event would cost more.
    """

    def __init__(self) -> None:
        self.event_seen = False
        self._sent: datetime | None = None
        self._was_held = False
        self._until: datetime | None = None

    @property
    def quiet_until(self) -> datetime | None:
        """The last time at which the server had nothing to send, or None if there was none."""
        return self._sent if self._was_held and not self.event_seen else self._until

    def on_connect(self, now: datetime) -> None:
        """A connect leaves."""
        self._until = self.quiet_until
        self._sent, self._was_held, self.event_seen = now, False, False

    def on_connect_reply(self, now: datetime) -> None:
        """The connect was answered. Its events may still follow the reply."""
        self._was_held = self._sent is not None and now - self._sent >= _HELD
