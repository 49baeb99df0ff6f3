"""The count of handled events whose positions are not stored yet, and its limit.

A quick handler handles thousands of events while one commit is written, and a killed process gets them all again. So
where too many are not stored, the receivers wait until the next commit is written. While the store fails they do not:
`outage.py` decides then.

This module knows no client and no store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("UnstoredLimit",)


def _nothing() -> None:
    pass


class UnstoredLimit:
    """Has receivers wait while too many positions are noted and not stored.

    Args:
        most: How many may be; None for any number.
        hold: Has the receivers wait.
        release: Lets them go on.

    Attributes:
        count: How many positions are noted and not stored.
    """

    def __init__(
        self, most: int | None = None, hold: Callable[[], None] = _nothing, release: Callable[[], None] = _nothing
    ) -> None:
        self._most: Final = most
        self._hold: Final = hold
        self._release: Final = release
        self._is_holding = False
        self.count = 0

    @property
    def is_reached(self) -> bool:
        """Whether no further event may be handled."""
        return self._most is not None and self.count >= self._most

    def noted(self) -> None:
        """A position is noted."""
        self.count += 1

    def wait_for_store(self) -> None:
        """Have the receivers wait until something is written."""
        if not self._is_holding:
            self._is_holding = True
            self._hold()

    def written(self, count: int) -> None:
        """So many positions are stored, or none because they cannot be at present: receivers go on."""
        self.count = max(0, self.count - count)  # all were forgotten while some were being written
        if self._is_holding:
            self._is_holding = False
            self._release()
