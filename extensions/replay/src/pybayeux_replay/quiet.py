"""Until when everything came that the server had.

A server answers a connect at once if there is something to send, and else holds it. So when one was held, and no event
came with its answer, then nothing had waited when it was sent. That a connect is answered, or that all received events
are handled, proves nothing: a server that replays a backlog sends it piece by piece.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

__all__ = ("Quiet",)

_HELD: Final = timedelta(seconds=1)
"""An answer that takes longer was held."""


class Quiet:
    """Watches connects and events of one client.

    Attributes:
        disturbed: To be set with each event that comes.
    """

    def __init__(self) -> None:
        self.disturbed = False
        self._sent: datetime | None = None
        self._was_held = False
        self._until: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """The last moment at which the server had nothing to send; None where there was none."""
        return self._sent if self._was_held and not self.disturbed else self._until

    def connect(self, now: datetime) -> None:
        """A connect leaves."""
        self._until = self.until
        self._sent, self._was_held, self.disturbed = now, False, False

    def answered(self, now: datetime) -> None:
        """It was answered, and its events are taken. They may come after the answer."""
        self._was_held = self._sent is not None and now - self._sent >= _HELD
