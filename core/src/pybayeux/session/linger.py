"""Linger: a short wait before the next connect while events come densely, so that several come with one reply.

Knows when connects leave and are answered. Does not know what the events are.
"""

from __future__ import annotations

from typing import Final

__all__ = ("Linger",)

# A poll costs the client a hundred times as much processor time as an event: at 500 events a second most of the time
# goes into polls that bring one event each. The wait lets the events gather at the server. It pays while polls bring
# few events and are answered before it is over; a stream with longer gaps never waits, and neither does a burst, whose
# polls bring many events anyway.

_DENSE: Final = 3
"""How many polls in a row have to be answered so soon: a single event and its echo are no stream."""
_SOON: Final = 3
"""In how many times the wait a poll has to be answered: it takes a few milliseconds itself."""
_FEW: Final = 100
"""Events of one poll beyond which its cost does not matter."""


class Linger:
    """How long to wait before connects.

    Args:
        seconds: The wait; 0 for none.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds: Final = seconds
        self._sent_at = 0.0
        self._events = 0
        self._in_a_row = 0

    def sent(self, now: float) -> None:
        """A connect leaves."""
        self._sent_at, self._events = now, 0

    def events_came(self, count: int) -> None:
        """So many events came."""
        self._events += count

    def answered(self, now: float) -> None:
        """The connect was accepted."""
        is_dense = 0 < self._events <= _FEW and now - self._sent_at < _SOON * self._seconds
        self._in_a_row = self._in_a_row + 1 if is_dense else 0

    @property
    def pause(self) -> float:
        """Seconds to wait before the next connect."""
        return self._seconds if self._in_a_row >= _DENSE else 0.0
