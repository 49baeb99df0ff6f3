"""The timesync extension of CometD, the client's half: the time on the server's clock.

Every request on a meta channel has the time when it left (``tc``) and the client's estimates of lag and offset (``l``,
``o``). The reply has the server's time (``ts``) and how long the server held it (``p``), but only as long as the
estimate is wrong: CometD leaves them out once it is within its accuracy, 25 ms by default. The arithmetic is in
`estimate.py`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pybayeux import hookimpl

from .estimate import Estimate, sample_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message

__all__ = ("TimeSync",)


class TimeSync:
    """Estimates the time on the server's clock, as far as the network allows.

    One instance belongs to one client. Before the first reply of a server with timesync, and with any other server, lag
    and offset are zero: then the server's time is the client's.

    Args:
        max_samples: How many of the latest replies count; lag and offset are their means.
        clock: Returns the client's time in seconds since 1970.

    Raises:
        ValueError: `max_samples` is less than one.
    """

    def __init__(self, max_samples: int = 10, clock: Callable[[], float] = time.time) -> None:
        self._estimate: Final = Estimate(max_samples)
        self._clock: Final = clock

    # -- the estimate

    @property
    def samples(self) -> int:
        """How many replies the estimate is made of; 0 before the first."""
        return len(self._estimate)

    @property
    def lag(self) -> timedelta:
        """How long a message takes from the client to the server."""
        return timedelta(milliseconds=self._estimate.lag)

    @property
    def offset(self) -> timedelta:
        """How far the server's clock is ahead of the client's; negative if it is behind."""
        return timedelta(milliseconds=self._estimate.offset)

    def server_time(self) -> datetime:
        """Return the time on the server's clock, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC) + self.offset

    def delay_until(self, moment: datetime) -> float:
        """Return the seconds until the server's clock shows `moment`, for `loop.call_later`; 0 if that time has passed.

        Raises:
            TypeError: `moment` has no time zone.
        """
        return max(0.0, (moment - self.server_time()).total_seconds())

    async def sleep_until(self, moment: datetime) -> None:
        """Sleep until the server's clock shows `moment`. Replies that come in the meantime still correct the estimate.

        Raises:
            TypeError: `moment` has no time zone.
        """
        while (delay := self.delay_until(moment)) > 0:  # noqa: ASYNC110 - there is no event: the time itself is awaited
            await asyncio.sleep(delay)

    # -- hooks

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Add the time to a request, as the last extension before it leaves."""
        if message.is_meta:
            ext = message.get_ext(create=True)
            assert ext is not None
            # Whole milliseconds: CometD for Java reads integers.
            ext["timesync"] = {
                "tc": round(self._clock() * 1000),
                "l": round(self._estimate.lag),
                "o": round(self._estimate.offset),
            }

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Read the server's time in a reply, as the first extension after it came."""
        if message.ext is None or not message.is_meta:
            return
        timesync = message.ext.get("timesync")
        if isinstance(timesync, dict) and (times := _times(timesync)) is not None:
            sample = sample_of(*times, self._clock() * 1000)
            if sample is not None:
                self._estimate.add(sample)


def _times(timesync: dict[str, Any]) -> tuple[float, float, float] | None:
    """Return ``tc``, ``ts`` and ``p``, or None if any of them is not a number."""
    values = [timesync.get(name) for name in ("tc", "ts", "p")]
    sent, server, held = (value if type(value) in (int, float) else None for value in values)
    if sent is None or server is None or held is None:
        return None
    return float(sent), float(server), float(held)
