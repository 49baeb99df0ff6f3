"""The outage of a store: from the first failure until positions are stored again.

Owns what is reported, and the count of the events that were handled meanwhile. Nothing is lost by an outage: positions
are kept in memory, and the latest is stored when the store is back. But after a crash the server sends again all that
was not stored. So beyond `MOST_UNSTORED` handled events the receivers are held back, and the client keeps the session
alive as for slow receivers. Where each event is handled in a transaction of the store, they wait at the first event.

This module knows no client and no store.
"""

from __future__ import annotations

import logging
from typing import Final, Protocol

__all__ = ("MOST_UNSTORED", "Outage", "OutageObserver", "one_line")

_logger: Final = logging.getLogger("pybayeux.replay")

MOST_UNSTORED: Final = 10_000
"""How many events may be handled without being stored."""

_STORING: Final = "positions cannot be stored, and are kept until they can"


class OutageObserver(Protocol):
    """Is told of an outage: the extension."""

    def store_failed(self, error: Exception | None) -> None:
        """The store fails since now; None: it is back."""

    def pause_receivers(self, reason: str) -> None:
        """No further event may be handled."""

    def resume_receivers(self) -> None:
        """Events may be handled again."""


class Outage:
    """The state of one store.

    Args:
        observer: Is told of it.
        limit: How many events may be handled without being stored.
    """

    def __init__(self, observer: OutageObserver, limit: int = MOST_UNSTORED) -> None:
        self._observer: Final = observer
        self._limit: Final = limit
        self._unstored = 0
        self.is_on: bool = False

    def failed(self, error: Exception, what: str = _STORING) -> None:
        """The store has failed: report one line when that begins, and details where they are asked for.

        Args:
            error: What it raised.
            what: What that means, for the log.
        """
        if not self.is_on:
            self.is_on, self._unstored = True, 0
            text = one_line(error)
            _logger.error("%s: %s: %s", what, type(error).__name__, text)
            self._observer.store_failed(error)
        _logger.debug("the store failed", exc_info=error)

    def handled(self, events: int = 1) -> None:
        """Events were handled that are not stored."""
        before, self._unstored = self._unstored, self._unstored + events
        if self.is_on and before < self._limit <= self._unstored:
            reason = f"{self._unstored} handled events are not stored"
            _logger.warning("%s: no more are handled until the store is back", reason)
            self._observer.pause_receivers(reason)

    def ended(self) -> None:
        """The store works."""
        if self.is_on:
            _logger.info("the store works again")
            self.reset()
            self._observer.store_failed(None)

    def reset(self) -> None:
        """The client ends, whether the store works or not."""
        if self.is_on and self._unstored >= self._limit:
            self._observer.resume_receivers()
        self.is_on = False


def one_line(error: Exception) -> str:
    """Return the text of an error without SQLAlchemy's statement, in one line."""
    return " ".join(str(error).split("\n[SQL:")[0].split())
