"""The two times of an org: its own, which can be moved and run faster, and that of everybody else.

Owns their relation. Timers are in the org's time; what a client measures for itself, such as the expiry of a cookie or
of a signed assertion, is in the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("OrgClock",)


class OrgClock:
    """An org's time.

    Args:
        wall: Everybody's time, in seconds since the epoch.
        scale: How much faster the org's time runs.
    """

    def __init__(self, wall: Callable[[], float], scale: float) -> None:
        self.wall: Final = wall
        self._scale: Final = scale
        self._started: Final = wall()
        self._moved = 0.0

    def now(self) -> float:
        """The org's time, in seconds since the epoch."""
        return self._started + (self.wall() - self._started) * self._scale + self._moved

    def advance(self, seconds: float) -> None:
        """Let so much of the org's time pass at once.

        Raises:
            ValueError: It would go back.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back, not even by {-seconds:g} seconds")
        self._moved += seconds

    def outside(self, seconds: float) -> float:
        """How long a span of the org's time is for everybody else."""
        return seconds / self._scale

    def inside(self, seconds: float) -> float:
        """How long a span of everybody's time is for the org."""
        return seconds * self._scale

    def wall_of(self, moment: float) -> float:
        """Everybody's time at a moment of the org's, if nobody moves the org's meanwhile."""
        return self.wall() + self.outside(moment - self.now())
