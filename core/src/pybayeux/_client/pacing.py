"""Pacing of the clients of one process: those that lose their server at the same moment do not come back at one.

Each client spreads its own attempts by chance. What hundreds of them in one process do together is limited here.
"""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from typing import Final

__all__ = ("AttemptPacer", "pace")

_PER_SECOND: Final = 80.0
_SAME_CLOCK: Final = 1.0
"""Seconds by which the clocks of two event loops differ at the most where they are the same clock."""


class AttemptPacer:
    """Assigns moments to attempts, so that no second has more than `per_second`. Any thread may ask.

    Args:
        per_second: How many attempts a second there may be.
    """

    def __init__(self, per_second: float = _PER_SECOND) -> None:
        self._gap: Final = 1 / per_second
        self._guard: Final = threading.Lock()
        self._taken: list[int] = []

    def reserve(self, moment: float, now: float) -> float:
        """The first moment from this one on that is free; it is taken then."""
        with self._guard:
            self._taken = [slot for slot in self._taken if slot * self._gap > now - self._gap]
            taken, slot = set(self._taken), int(moment / self._gap)
            while slot in taken:
                slot += 1
            self._taken.append(slot)
        return max(moment, slot * self._gap)


_of_process: Final = AttemptPacer()
_of_loops: Final[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AttemptPacer]] = weakref.WeakKeyDictionary()


def pace(moment: float, now: float) -> float:
    """When to make an attempt that is due at this moment of the running loop's clock."""
    loop = asyncio.get_running_loop()
    is_same = abs(loop.time() - time.monotonic()) < _SAME_CLOCK
    pacer = _of_process if is_same else _of_loops.setdefault(loop, AttemptPacer())
    return pacer.reserve(moment, now)
