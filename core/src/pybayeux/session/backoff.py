"""How long to wait after failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ("Backoff",)


@dataclass(frozen=True, slots=True)
class Backoff:
    """A delay that grows with each failure in a row: none, then `increment`, twice that, and so on.

    All figures are seconds; `jitter` is the share that chance may take off, so that a thousand clients do not
    come back at the same moment.
    """

    increment: float = 1.0
    maximum: float = 30.0
    jitter: float = 0.2

    def delay(self, failures: int, random: Random) -> float:
        """Seconds to wait after this many failures in a row (1 is the first)."""
        longest = min(self.maximum, self.increment * max(0, failures - 1))
        return longest * (1 - self.jitter * random.random())
