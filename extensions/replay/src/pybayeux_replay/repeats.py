"""Repeats: the events that the server sends a second time and that have to be dropped.

Two kinds of events are recognised: those that still wait to be handled, and the last ones that were handled. An event
that is not known here counts as new: in doubt an event is delivered twice rather than never.

An event's own id (`EventUuid`) identifies it for ever. A channel and a replay id do so within one numbering only: after
a migration of the server the same number may be another event, and to drop that would lose it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .event_fields import EventKey

__all__ = ("NO_KEYS", "NO_REPEATS", "RepeatFilter")

NO_KEYS: Final[frozenset[EventKey]] = frozenset()
"""The one that idle subscriptions share: Python makes each empty one anew, of 0.2 kB."""


class RepeatFilter:
    """Knows the events of one subscription that may come again.

    Repeats come only after the client has subscribed again, or when replay ids fall back. The sets of known events are
    made at that moment, so that to remember one more event costs next to nothing.

    Args:
        limit: How many handled events are remembered; 0 for none.

    Attributes:
        last_ids: The replay id of the last event by channel, since the last `expect`. The caller sets it for each
            event, since a call for each event would cost more.
        is_expecting: Whether repeats may come now. As long as it is False, `waiting` and `handled` are empty.
        waiting: The events that waited to be handled at the last `expect`.
        handled: The events that had been handled at the last `expect`.
    """

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._recent: deque[EventKey] | tuple[()] = ()
        self.last_ids: Final[dict[str, int]] = {}
        self.is_expecting: bool = False
        self.waiting: frozenset[EventKey] = NO_KEYS
        self.handled: frozenset[EventKey] = NO_KEYS

    def remember(self, key: EventKey, /) -> None:
        """Add an event that was handled, in the place of the oldest one. The first: from then on an append does it."""
        if isinstance(self._recent, tuple):
            self._recent = deque(maxlen=self._limit)
            self.remember = self._recent.append  # type: ignore[method-assign]
        self._recent.append(key)

    def expect(self, waiting: Iterable[EventKey]) -> None:
        """From now on, the server may send these events again, and those that were handled."""
        self.waiting = frozenset(waiting) or NO_KEYS
        self.handled = frozenset(self._recent) or NO_KEYS
        self.is_expecting = bool(self.waiting or self.handled)
        self.last_ids.clear()

    def renumber(self) -> None:
        """The server may number its events differently now: forget all handled events that have no id of their own."""
        lasting = [key for key in self._recent if isinstance(key, str)]
        if not isinstance(self._recent, tuple):
            self._recent.clear()
            self._recent.extend(lasting)
        self.handled = frozenset(lasting) or NO_KEYS
        self.is_expecting = bool(self.waiting or self.handled)


NO_REPEATS: Final = RepeatFilter(0)
"""Of windows that have had no event yet. It stays as it is: there is nothing to remember or to expect."""
