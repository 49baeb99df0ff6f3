"""The org's clock, which can be moved forward and run faster than real time.

Owns the relation of the two times. The org's timers use its own clock. What a client measures, such as the expiry of a
cookie or of a signed assertion, is in real time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("OrgClock",)


class OrgClock:
    """The clock of an org.

    Args:
        wall: Returns the real time, in seconds since the epoch.
        scale: How many times faster the org's clock runs.
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
        """Move the clock forward.

        Raises:
            ValueError: The number of seconds is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds: expected 0 or more, a clock does not go back; got {seconds:g}")
        self._moved += seconds

    def outside(self, seconds: float) -> float:
        """A duration of the org's time, in real time."""
        return seconds / self._scale

    def inside(self, seconds: float) -> float:
        """A duration of real time, in the org's time."""
        return seconds * self._scale

    def wall_of(self, moment: float) -> float:
        """The real time at which the org's clock shows `moment`, unless it is moved meanwhile."""
        return self.wall() + self.outside(moment - self.now())
