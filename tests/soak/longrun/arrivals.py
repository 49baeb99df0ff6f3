"""What a client has received of the numbered events: one byte for each number, so that counting needs no memory."""

from __future__ import annotations

from typing import Final

__all__ = ("Arrivals",)

_MOST: Final = 255


class Arrivals:
    """Counts the events that one client has handled.

    Attributes:
        newest: The greatest number handled; -1 before the first.
        disordered: How many events were first handled after a later one.
    """

    def __init__(self) -> None:
        self.newest = -1
        self.disordered = 0
        self._times: Final = bytearray()

    def add(self, number: int) -> None:
        """An event was handled."""
        if number >= len(self._times):
            self._times.extend(bytes(number + 1 - len(self._times)))
        if number < self.newest and not self._times[number]:
            self.disordered += 1
        self._times[number] = min(_MOST, self._times[number] + 1)
        self.newest = max(self.newest, number)

    @property
    def handled(self) -> int:
        """How many events were handled, each counted once."""
        return len(self._times) - self._times.count(0)

    @property
    def twice(self) -> int:
        """How many events were handled more than once."""
        return self.handled - self._times.count(1)
