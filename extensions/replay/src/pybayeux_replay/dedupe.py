"""The events that were handled last, to be recognised if they come again.

Nothing is in here that was not handled. An event's own id (`EventUuid`) is good for ever. A channel and a replay id are
good within one numbering alone: after a migration of the server the same number may be another event, and to drop that
would be to lose it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .reading import Key

__all__ = ("Dedupe",)


class Dedupe:
    """Remembers the last so many events of one subscription that were handled.

    Events come again after a subscription was asked for again, or where their ids fall back: it is then that they are
    looked up, so that to add one costs next to nothing.

    Args:
        limit: How many; 0 for none.

    Attributes:
        add: Takes an event that was handled; the one remembered longest gives way.
        known: The events that were handled before the last call of `recall`.
    """

    def __init__(self, limit: int) -> None:
        self._order: Final[deque[Key]] = deque(maxlen=limit)
        self.add: Final[Callable[[Key], None]] = self._order.append
        self.known: frozenset[Key] = frozenset()

    def recall(self) -> None:
        """What was handled may come again from now on."""
        self.known = frozenset(self._order)

    def renumbered(self) -> None:
        """Replay ids may mean other events from now on."""
        good = [key for key in self._order if isinstance(key, str)]
        self._order.clear()
        self._order.extend(good)
        self.known = frozenset(good)
