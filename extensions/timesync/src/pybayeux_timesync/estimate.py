"""The estimate of lag and clock offset, from samples. Pure arithmetic in milliseconds, as on the wire; no clock here.

One sample is made of four numbers: when the client sent (its clock), when the server received (its own clock), how long
it held the reply, and when the reply came (the client's clock again). The round trip without the hold is twice the lag,
if both ways took the same time. The server received one lag after the client sent, so what its clock showed beyond that
is the offset. If the ways differ, half of their difference is in the offset. That is why the mean of several samples is
taken; these four numbers allow nothing better.
"""

from __future__ import annotations

from statistics import fmean
from typing import Final, NamedTuple

__all__ = ("Estimate", "Sample", "sample_of")


class Sample(NamedTuple):
    """The result of one exchange, in milliseconds."""

    lag: float
    offset: float


def sample_of(sent: float, server: float, held: float, now: float) -> Sample | None:
    """Return the lag and the offset of one exchange, or None if the numbers contradict each other.

    They do if the client's clock was set back in the meantime, or if the server reports to have held the reply for
    longer than it took to come.

    Args:
        sent: When the request left, by the client's clock (``tc``).
        server: When it arrived, by the server's clock (``ts``).
        held: How long the server held the reply (``p``).
        now: When the reply came, by the client's clock.
    """
    lag = (now - sent - held) / 2
    # On the wire times are whole milliseconds, so an immediate reply may seem to come up to two of them too early.
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
            raise ValueError(f"max_samples: expected 1 or more; got {max_samples}")
        self._max_samples: Final = max_samples
        self._samples: Final[list[Sample]] = []
        self.lag: float = 0.0
        self.offset: float = 0.0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: Sample) -> None:
        """Add a sample, in the place of the oldest if there are `max_samples`."""
        self._samples.append(sample)
        del self._samples[: -self._max_samples]
        self.lag = fmean(each.lag for each in self._samples)
        self.offset = fmean(each.offset for each in self._samples)
