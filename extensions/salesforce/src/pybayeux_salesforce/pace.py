"""How long to leave a server alone: longer each time, with chance in it, and short again after a good while."""

from __future__ import annotations

from random import Random
from typing import Final

__all__ = ("Pace",)

_JITTER: Final = 0.2
_GROWTH: Final = 2.0


class Pace:
    """Waits that double with each failure in a row, for each thing that can fail.

    Failures are in a row where each comes within twice the wait before it: what has lasted longer had recovered.

    Args:
        first: Seconds of the first wait.
        longest: Seconds of the longest.
        random: The source of chance. It takes off up to a fifth, so that a thousand clients do not come back at once.

    Raises:
        ValueError: The times make no sense.
    """

    def __init__(self, first: float, longest: float, random: Random | None = None) -> None:
        if not 0 < first <= longest:
            raise ValueError(f"a wait of {first:g} s that grows to {longest:g} s: write the shorter one first")
        self._first: Final = first
        self._longest: Final = longest
        self._random: Final = random or Random()
        self._last: Final[dict[str, tuple[float, float]]] = {}

    def next(self, of: str, now: float) -> float:
        """Seconds to wait after a failure.

        Args:
            of: What has failed.
            now: The present time in seconds, of any clock.
        """
        failed_at, wait = self._last.get(of, (now, 0.0))
        in_a_row = wait > 0 and now - failed_at <= _GROWTH * wait
        wait = min(self._longest, _GROWTH * wait) if in_a_row else self._first
        self._last[of] = (now, wait)
        return wait * (1 - _JITTER * self._random.random())
