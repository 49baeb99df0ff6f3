"""Figures of a stream over the last minute: events a second, and how late they were. It reads no clock."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

__all__ = ("MINUTE", "LagSummary", "Lags", "Rate")

MINUTE: Final = 60
_MOST_LAGS: Final = 1000


class Rate:
    """How many events there were in each of the last sixty seconds.

    Args:
        now: The present time in seconds.
    """

    def __init__(self, now: float) -> None:
        self._began: Final = now
        self._seconds: Final[deque[list[int]]] = deque(maxlen=MINUTE + 1)

    def add(self, now: float) -> None:
        """Count an event."""
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([second, 1])

    def per_second(self, now: float, window: int) -> float:
        """Events a second over the last `window` seconds, or since the beginning if that is more recent."""
        count = sum(number for second, number in self._seconds if second > now - window)
        return count / min(window, max(1.0, now - self._began))


class LagSummary(NamedTuple):
    """Lags in seconds: of the last event, and the median and the highest of the last minute."""

    last: float
    median: float
    highest: float


class Lags:
    """The lags of the last events: the time from an event's creation, by its own stamp, to its arrival."""

    def __init__(self) -> None:
        self._lags: Final[deque[tuple[float, float]]] = deque(maxlen=_MOST_LAGS)

    def add(self, now: float, created_at: float) -> None:
        """Count an event that was created at this time. Where the clocks differ, it may be in the future."""
        self._lags.append((now, now - created_at))

    def summary(self, now: float) -> LagSummary | None:
        """The lags of the last minute, of at most a thousand events; None if there are none."""
        recent = [lag for at, lag in self._lags if at > now - MINUTE]
        if not recent:
            return None
        ordered = sorted(recent)
        return LagSummary(recent[-1], ordered[len(ordered) // 2], ordered[-1])
