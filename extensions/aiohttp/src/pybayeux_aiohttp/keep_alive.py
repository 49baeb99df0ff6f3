"""Pings at intervals, and what happens when one is not answered.

Owns the timers alone. The library's own pings can wait for an answer no longer than the interval between them, and
take the answers out of what came with one read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("KeepAlive",)


class KeepAlive:
    """Pings of one connection; times are seconds.

    Args:
        interval: Between an answer and the next ping.
        timeout: How long an answer may take.
        ping: Sends a ping.
        unanswered: Called once, where no answer came in time.
    """

    def __init__(
        self, interval: float, timeout: float, ping: Callable[[], None], unanswered: Callable[[], None]
    ) -> None:
        self._interval: Final = interval
        self._timeout: Final = timeout
        self._ping: Final = ping
        self._unanswered: Final = unanswered
        self._waiting = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Ping after the interval."""
        self._waiting = False
        self._after(self._interval, self._send)

    def answered(self) -> None:
        """An answer came; one that was not asked for is no answer."""
        if self._waiting:
            self.start()

    def stop(self) -> None:
        """Ping no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _send(self) -> None:
        self._waiting = True
        self._after(self._timeout, self._unanswered)
        self._ping()

    def _after(self, delay: float, act: Callable[[], None]) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(delay, act)
