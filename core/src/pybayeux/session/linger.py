"""Linger: the wait before the next connect while events come densely, so that several come with one reply.

Knows when connects leave and are answered, and how much processor time passes meanwhile. Does not know what the events
are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("DEFAULT_LINGER", "LONGEST_LINGER", "Linger", "time_between_connects")

# A poll costs the client a hundred times as much processor time as an event: at 500 events a second most of the time
# goes into polls that bring one event each. A poll that leaves later brings what has gathered at the server. So polls
# may take a share of one core: the next one leaves when the last one, at its cost, has taken no more than that. A
# stream with longer gaps never waits, and neither does a burst, whose polls bring many events anyway.

DEFAULT_LINGER: Final = 0.02
"""The share of one core that connects may take, unless the user says otherwise."""
LONGEST_LINGER: Final = 0.0075
"""The longest time between two connects that the share alone may ask for, in seconds."""
_DENSE: Final = 3
"""How many polls in a row have to be answered within that time: a single event and its echo are no stream."""
_FEW: Final = 100
"""Events of one poll beyond which its cost does not matter."""
_WEIGHT: Final = 1 / 8
"""What the latest poll counts in the mean cost. What else the thread did meanwhile is measured with it; and some clocks
of processor time tick slowly."""


def time_between_connects(cost: float, share: float) -> float:
    """The seconds from one connect to the next while events come densely.

    Args:
        cost: The seconds of processor time that a connect takes.
        share: The share of one core that connects may take; not 0.
    """
    return min(cost / share, LONGEST_LINGER)


class Linger:
    """When the next connect may leave.

    Args:
        share: The share of one core that connects may take while events come densely; 0 for any.
        processor_time: Returns the seconds of processor time that the thread has used.
    """

    def __init__(self, share: float, processor_time: Callable[[], float]) -> None:
        self._share: Final = share
        self._processor_time: Final = processor_time
        self._cost = self._sent_at = self._used = 0.0
        self._events = 0
        self._in_a_row = 0

    def sent(self, now: float) -> None:
        """A connect leaves."""
        self._sent_at, self._events = now, 0
        if self._share:
            self._used = self._processor_time()

    def events_came(self, count: int) -> None:
        """So many events came."""
        self._events += count

    def answered(self, now: float) -> None:
        """The connect was accepted."""
        if not self._share:
            return
        is_dense = 0 < self._events <= _FEW and now - self._sent_at < LONGEST_LINGER
        self._in_a_row = self._in_a_row + 1 if is_dense else 0
        if is_dense:
            self._cost += (self._processor_time() - self._used - self._cost) * _WEIGHT

    @property
    def due(self) -> float:
        """The time before which the next connect does not leave."""
        if self._in_a_row < _DENSE:
            return 0.0
        return self._sent_at + time_between_connects(self._cost, self._share)
