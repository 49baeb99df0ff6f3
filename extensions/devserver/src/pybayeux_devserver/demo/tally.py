"""The counts of published, handled and written orders. It knows no file and no clock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Tally",)


class Tally:
    """Counts orders by their numbers.

    Attributes:
        newest: The greatest number that was handled; 0 before the first.
        twice: How many orders were handled more than once.
        written_twice: How many orders were written more than once.
    """

    def __init__(self) -> None:
        self.newest: int = 0
        self.twice: int = 0
        self.written_twice: int = 0
        self._published: Final[set[int]] = set()
        self._times: Final[Counter[int]] = Counter()
        self._written: Final[Counter[int]] = Counter()

    def publish(self, number: int) -> None:
        """Count a published order."""
        self._published.add(number)

    def handle(self, numbers: Iterable[int]) -> None:
        """Count handled orders, which may have been handled before."""
        for number in numbers:
            self._times[number] += 1
            self.twice += self._times[number] == 2
            self.newest = max(self.newest, number)

    def write(self, numbers: Iterable[int]) -> None:
        """Count orders that were written into the ledger."""
        for number in numbers:
            self._written[number] += 1
            self.written_twice += self._written[number] == 2

    @property
    def published(self) -> int:
        """How many orders were published."""
        return len(self._published)

    @property
    def handled(self) -> int:
        """How many orders were handled, each counted once."""
        return len(self._times)

    @property
    def written(self) -> int:
        """How many orders were written, each counted once; 0 if there is no ledger."""
        return len(self._written)

    @property
    def unwritten(self) -> list[int]:
        """The orders that were published and not written, if there is a ledger."""
        return sorted(self._published - self._written.keys()) if self._written else []

    @property
    def is_good(self) -> bool:
        """Whether no order was lost, and each is in the ledger once, if there is one."""
        return not (self.lost or self.unwritten or self.written_twice)

    @property
    def lost(self) -> list[int]:
        """The orders that were published and not handled."""
        return sorted(self._published - self._times.keys())
