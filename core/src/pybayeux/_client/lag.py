"""How far receivers are behind: the age of the oldest event that each of them has not handled.

Read from the queues when it is asked for, so that events cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..event_stamp import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .event_queue import EventQueue

__all__ = ("lags_of",)


def lags_of(queues: Iterable[EventQueue], now: float) -> dict[str, float]:
    """Return the seconds that each channel's receivers are behind: 0 where nothing waits. For any thread.

    Of several receivers of a channel the slowest counts. A channel is left out whose oldest event does not say when
    it was created.

    Args:
        queues: The queues of the subscriptions.
        now: The present time, in seconds since 1970.
    """
    lags: dict[str, float] = {}
    unknown: set[str] = set()
    for queue in queues:
        lag = _lag_of(queue, now)
        if lag is None:
            unknown.add(queue.channel)
        else:
            lags[queue.channel] = max(lag, lags.get(queue.channel, 0.0))
    return {channel: lag for channel, lag in lags.items() if channel not in unknown}


def _lag_of(queue: EventQueue, now: float) -> float | None:
    oldest = queue.oldest
    if oldest is None:
        return 0.0
    created_at = read_stamp(oldest).created_at
    # The server's clock may be ahead of this machine's.
    return None if created_at is None else max(0.0, now - created_at)
