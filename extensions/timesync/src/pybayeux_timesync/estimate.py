"""What the samples of a server's clock say. Pure numbers, in the milliseconds of the wire; no clock of its own.

One sample is four moments: the client sent (its clock), the server received (its own clock) and held the answer for
a while, the answer came (the client's clock again). What is left of the round trip without the hold is twice the lag,
if both ways took the same time; the server's clock then read what the client's would, one lag after sending, plus the
offset. Ways that differ put half of their difference into the offset, which is why the mean of several samples is
taken, and nothing can do better with these four numbers.
"""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import Final, NamedTuple

__all__ = ("Estimate", "Sample", "sample_of")


class Sample(NamedTuple):
    """What one exchange tells, in milliseconds."""

    lag: float
    offset: float


def sample_of(sent: float, server: float, held: float, now: float) -> Sample | None:
    """The lag and the offset that one exchange shows; None where the moments contradict each other.

    They do where the client's clock was set back meanwhile, or the server says to have held the answer for longer
    than it took to come.

    Args:
        sent: When the request left, by the client's clock (``tc``).
        server: When it arrived, by the server's clock (``ts``).
        held: How long the server took to answer (``p``).
        now: When the answer came, by the client's clock.
    """
    lag = (now - sent - held) / 2
    # On the wire moments are whole milliseconds: an answer without delay may seem to come two of them too early.
    if lag < -1:
        return None
    lag = max(0.0, lag)
    return Sample(lag, server - sent - lag)


class Estimate:
    """The mean of the last samples.

    Args:
        max_samples: How many samples count.

    Raises:
        ValueError: `max_samples` is less than one.
    """

    def __init__(self, max_samples: int) -> None:
        if max_samples < 1:
            raise ValueError(f"max_samples is at least 1, not {max_samples}")
        self._samples: Final[deque[Sample]] = deque(maxlen=max_samples)
        self.lag = 0.0
        self.offset = 0.0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: Sample) -> None:
        """Take one more sample, in place of the oldest where there are enough."""
        self._samples.append(sample)
        self.lag = fmean(each.lag for each in self._samples)
        self.offset = fmean(each.offset for each in self._samples)
