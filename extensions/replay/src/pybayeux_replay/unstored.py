"""The count of handled events whose positions are not stored yet, and its limit.

A quick handler handles thousands of events while one commit is written, and a killed process gets them all again. So
where too many are not stored, the receivers wait until the next commit is written. While the store fails they do not:
`outage.py` decides then.

Handled events are noted in runs, so there is room for one run more when the receivers wait.

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
        run: How many are noted at once, at the most.
        hold: Has the receivers wait.
        release: Lets them go on.

    Attributes:
        is_limited: Whether there is a limit.
        count: How many events are noted and not stored.
        is_holding: Whether the receivers wait.
    """

    def __init__(
        self,
        most: int | None = None,
        hold: Callable[[], None] = _nothing,
        release: Callable[[], None] = _nothing,
        run: int = 1,
    ) -> None:
        self._full: Final = None if most is None else most - run + 1
        self._hold: Final = hold
        self._release: Final = release
        self.is_limited: Final = most is not None
        self.is_holding: bool = False
        self.count: int = 0

    def noted(self, events: int = 1) -> bool:
        """Handled events are noted; return whether no further event may be handled."""
        self.count = count = self.count + events
        return self._full is not None and count >= self._full

    def wait_for_store(self) -> None:
        """Have the receivers wait until something is written."""
        if not self.is_holding:
            self.is_holding = True
            self._hold()

    def written(self, count: int) -> None:
        """So many positions are stored, or none because they cannot be at present: receivers go on."""
        self.count = max(0, self.count - count)  # all were forgotten while some were being written
        if self.is_holding:
            self.is_holding = False
            self._release()
