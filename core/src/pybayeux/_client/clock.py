"""The clock of a session: the timer of its next step, the machine's sleep, and when the server was last heard."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("ClockObserver", "SessionClock")

_CHECK: Final = 5.0
"""Seconds between comparisons of the loop's clock with the time of day."""
_SLEPT: Final = 10.0
"""Seconds that the time of day has to gain for the machine to have slept; less is a clock that was set."""


class ClockObserver(Protocol):
    """Is told what the clock finds: the runner."""

    def timer_fired(self) -> None:
        """The moment that the timer was set for has come."""

    def machine_slept(self, seconds: float) -> None:
        """The machine has slept: connections are dead, and no deadline would say so for a long time."""


class SessionClock:
    """Keeps the times of one session, on the loop that is running at `start`.

    Args:
        observer: Is told when the timer fires, and when the machine has slept.
        wall_clock: The time of day in seconds, which goes on while the machine sleeps.
    """

    def __init__(self, observer: ClockObserver, wall_clock: Callable[[], float] = time.time) -> None:
        self._observer: Final = observer
        self._wall_clock: Final = wall_clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: Final[dict[float, asyncio.TimerHandle]] = {}
        self._check: asyncio.TimerHandle | None = None
        self._wake_at: float | None = None
        self._drift = 0.0
        self._seen_at = 0.0
        self._seen_on: float | None = None

    @property
    def now(self) -> float:
        """The time, in seconds of the loop's clock."""
        return asyncio.get_running_loop().time() if self._loop is None else self._loop.time()

    def start(self) -> None:
        """Begin; the server has not been heard yet."""
        self._loop = asyncio.get_running_loop()
        self._seen_at, self._seen_on = self._loop.time(), None
        self._drift = self._wall_clock() - self._loop.time()
        self._check = self._loop.call_later(_CHECK, self._compare)

    def stop(self) -> None:
        """Cancel the timers."""
        for timer in self._timers.values():
            timer.cancel()
        if self._check is not None:
            self._check.cancel()
        self._timers.clear()
        self._check = self._wake_at = None

    def forget(self) -> None:
        """The loop is gone, and its timers with it."""
        self._timers.clear()
        self._check = self._wake_at = self._loop = None

    # -- the timer

    def wake_at(self, moment: float | None) -> None:
        """Set the timer, or have it wait for nothing.

        One that is too early stays, and costs one look at the clock. So does one that is too late, for later: between
        two polls the time of the next one comes in turn with the deadline of each, and to cancel and to set both anew
        would cost more.
        """
        self._wake_at = moment
        if moment is None or min(self._timers, default=inf) <= moment:
            return
        assert self._loop is not None
        # uvloop's handle of a moment that is at hand does not know when it is.
        self._timers[moment] = self._loop.call_at(moment, self._fired, moment)

    def _fired(self, moment: float) -> None:
        del self._timers[moment]
        if self._wake_at is None:
            return
        if self._wake_at <= self.now:
            self._wake_at = None
            self._observer.timer_fired()
        else:
            self.wake_at(self._wake_at)

    def _compare(self) -> None:
        assert self._loop is not None
        before, self._drift = self._drift, self._wall_clock() - self._loop.time()
        self._check = self._loop.call_later(_CHECK, self._compare)
        if (slept := self._drift - before) > _SLEPT:
            self._observer.machine_slept(slept)

    # -- signs of life; these may be asked for from any thread

    def server_heard(self) -> None:
        """Something came from the server."""
        assert self._loop is not None
        self._seen_at, self._seen_on = self._loop.time(), time.time()

    @property
    def last_heard(self) -> datetime | None:
        """When something came last, in UTC; None where nothing has come yet."""
        return None if self._seen_on is None else datetime.fromtimestamp(self._seen_on, UTC)

    @property
    def silence(self) -> float:
        """Seconds since something came, or since the start."""
        return 0.0 if self._loop is None else self._loop.time() - self._seen_at
