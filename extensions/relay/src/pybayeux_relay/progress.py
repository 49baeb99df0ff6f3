"""`Progress`: what a relay has written so far, and the line that says so. It writes and logs nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pybayeux_replay.event_fields import event_time

from .records import replay_id_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pybayeux import EventBatch

__all__ = ("Progress",)


class Progress:
    """Counts what a relay writes.

    Args:
        clock: Returns the time in seconds since 1970.

    Attributes:
        events: How many events were written.
        batches: In how many transactions.
        dead_letters: How many events the target refused.
        positions: The replay id of the last event of each channel or pattern.
        lag: How many seconds after it had happened the last event was written that has a time; None before that.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock: Final = clock
        self._shown = (clock(), 0)
        self.events: int = 0
        self.batches: int = 0
        self.dead_letters: int = 0
        self.positions: Final[dict[str, int | None]] = {}
        self.lag: float | None = None

    def written(self, channel: str, batch: EventBatch[Any]) -> None:
        """A batch was written."""
        self.events += len(batch)
        self.batches += 1
        self._passed(channel, batch)

    def set_aside(self, channel: str, batch: EventBatch[Any]) -> None:
        """The events of a batch became dead letters."""
        self.dead_letters += len(batch)
        self._passed(channel, batch)

    def _passed(self, channel: str, batch: EventBatch[Any]) -> None:
        self.positions[channel] = replay_id_of(batch[-1])
        if (happened := event_time(batch[-1])) is not None:
            self.lag = max(0.0, (datetime.fromtimestamp(self._clock(), UTC) - happened).total_seconds())

    def line(self) -> str:
        """Return what was written, with the rate since the last call."""
        (at, events), self._shown = self._shown, (self._clock(), self.events)
        rate = (self.events - events) / max(self._shown[0] - at, 0.001)
        parts = [f"{self.events:,} events relayed", f"{rate:,.0f}/s"]
        if self.lag is not None:
            parts.append(f"lag {self.lag:,.1f} s")
        if self.dead_letters:
            parts.append(f"{self.dead_letters:,} dead letters")
        places = [f"{channel} at {position}" for channel, position in list(self.positions.items())[:3]]
        more = len(self.positions) - len(places)
        return ", ".join([*parts, *places, *([f"{more} more channels"] if more else [])])
