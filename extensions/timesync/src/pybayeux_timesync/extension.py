"""The timesync extension of CometD, the client's half: what the server's clock says.

Every request on a meta channel says when it left (``tc``) and what the client thinks of lag and offset (``l``, ``o``).
The server answers with its own time (``ts``) and how long it held the answer (``p``), and only as long as the client
is off: CometD stops once the client's guess is within its accuracy, 25 ms by default. The arithmetic is in
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
    """Tells the server's time, as far as the network lets it be known.

    One instance belongs to one client. Until the server has answered once, and with one that knows nothing of
    timesync, lag and offset are zero: the server's time is then the client's.

    Args:
        max_samples: How many of the latest answers count; lag and offset are their means.
        clock: Tells the client's time, in seconds since the epoch.

    Raises:
        ValueError: `max_samples` is less than one.
    """

    def __init__(self, max_samples: int = 10, clock: Callable[[], float] = time.time) -> None:
        self._estimate: Final = Estimate(max_samples)
        self._clock: Final = clock

    # -- what it knows

    @property
    def samples(self) -> int:
        """How many answers the present estimate is made of; 0 before the first."""
        return len(self._estimate)

    @property
    def lag(self) -> timedelta:
        """How long a message takes from here to the server."""
        return timedelta(milliseconds=self._estimate.lag)

    @property
    def offset(self) -> timedelta:
        """What the server's clock is ahead of the client's; negative where it is behind."""
        return timedelta(milliseconds=self._estimate.offset)

    def server_time(self) -> datetime:
        """What the server's clock shows now, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC) + self.offset

    def delay_until(self, moment: datetime) -> float:
        """Seconds until the server's clock shows `moment`, as `loop.call_later` takes them; 0 where it has.

        Raises:
            TypeError: `moment` has no time zone.
        """
        return max(0.0, (moment - self.server_time()).total_seconds())

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the server's clock shows `moment`; what is learnt of it meanwhile counts.

        Raises:
            TypeError: `moment` has no time zone.
        """
        while (delay := self.delay_until(moment)) > 0:  # noqa: ASYNC110 - there is no event: the time itself is awaited
            await asyncio.sleep(delay)

    # -- hooks

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Say when the request leaves, as late as can be."""
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
        """Take the server's answer, as early as can be."""
        if message.ext is None or not message.is_meta:
            return
        answer = message.ext.get("timesync")
        if isinstance(answer, dict) and (moments := _moments(answer)) is not None:
            sample = sample_of(*moments, self._clock() * 1000)
            if sample is not None:
                self._estimate.add(sample)


def _moments(answer: dict[str, Any]) -> tuple[float, float, float] | None:
    """``tc``, ``ts`` and ``p``, where all of them are numbers."""
    values = [answer.get(name) for name in ("tc", "ts", "p")]
    sent, server, held = (value if type(value) in (int, float) else None for value in values)
    if sent is None or server is None or held is None:
        return None
    return float(sent), float(server), float(held)
