"""What became of the events of a cell: lost, twice, out of order, and when the first one after the fault arrived.

Pure: it knows no client and no clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ("Tally",)


@dataclass
class Tally:
    """The events of a cell. Times are seconds of one clock.

    Attributes:
        published: When the publishing of each event began, by its number; without those that were refused.
        received: Number and time of each arrival, in their order.
        counts_from: Events whose publishing began before are not expected: nothing had subscribed to them.
    """

    published: dict[int, float] = field(default_factory=dict)
    received: list[tuple[int, float]] = field(default_factory=list)
    counts_from: float = 0.0

    @property
    def expected(self) -> set[int]:
        """The events that have to arrive."""
        return {number for number, began in self.published.items() if began >= self.counts_from}

    @property
    def missing(self) -> set[int]:
        """Those of them that have not."""
        return self.expected - {number for number, _ in self.received}

    @property
    def twice(self) -> int:
        """How many arrivals were repetitions."""
        return sum(count - 1 for count in Counter(number for number, _ in self.received).values())

    @property
    def disordered(self) -> int:
        """How many events came after a later one, repetitions aside."""
        first = list(dict.fromkeys(number for number, _ in self.received))
        return sum(later < earlier for earlier, later in pairwise(first))

    def recovery(self, end: float) -> float | None:
        """Seconds from the end of the fault until an event arrived whose publishing began after it; None if none."""
        after = [at for number, at in self.received if self.published.get(number, 0.0) > end]
        return min(after) - end if after else None
