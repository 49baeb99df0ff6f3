"""Holding connects back while receivers are too slow, and when to poll all the same.

A server drops a session that stops polling: CometD after its `maxInterval`, 10 seconds by default, Salesforce after 40.
So the next connect is held back for a part of that time only. Then the session is overdue, and its client decides: to
go on waiting, or to poll and discard what comes, where the server sends it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .shared import Shared

__all__ = ("Holding",)

_PERIOD: Final = 1.0
"""Seconds without a connect that every server lives with, where it has not told how many it does."""
_SHARE: Final = 3


class Holding:
    """Whether connects are held back, and until when.

    Attributes:
        paused: Whether there is no room for more events.
        discards: Whether to poll in spite of that, to keep the session alive, and to discard what comes.
        blocking: Whether a transport does not read on for lack of room: events come unasked on it, so that no connect
            has to be held back to be overdue.
        due: When to poll, or when the session is overdue.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared: Final = shared
        self._told = False
        self.paused = False
        self.discards = False
        self.blocking = False
        self.due = 0.0

    def pause(self, now: float) -> None:
        """There is no room."""
        if not self.paused:
            self.paused, self._told, self.due = True, False, now + self._period

    def release(self, *, until_renewed: bool = False) -> None:
        """There is room again; `until_renewed` leaves it to the next session to take what comes."""
        self.paused = self.blocking = False
        self.discards = self.discards and until_renewed

    def discard(self, now: float) -> None:
        """Poll, and let what comes pass by: the server sends it again."""
        self.discards, self.due = self.paused, now

    def renew(self, now: float) -> None:
        """The session is another one: what the last one would have sent again may not hold any more."""
        self.discards, self._told, self.due = False, False, now + self._period

    def is_overdue(self, now: float) -> bool:
        """Whether the server may drop the session soon; says so once."""
        if not self.paused or self.discards or self._told or now < self.due:
            return False
        self._told = True
        return True

    def polled(self, now: float) -> None:
        """A connect was answered: the server's patience begins anew."""
        self.due = now + self._period

    def wake_at(self) -> float | None:
        """When this wants to be asked again."""
        return None if self._told and not self.discards else self.due

    @property
    def _period(self) -> float:
        longest = self._shared.advice.max_interval
        return _PERIOD if longest is None else longest / _SHARE
