"""What became of the events: which are lost, repeated, or out of order in the target."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("Verdict", "judge")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the events.

    Attributes:
        events: How many events were published.
        lost: How many of them are not in the target.
        repeated: How many records are in the target although their event was there already.
        out_of_order: How many records came after one of a later event of their channel.
        unknown: How many records are of no event.
    """

    events: int
    lost: int
    repeated: int
    out_of_order: int
    unknown: int

    @property
    def is_good(self) -> bool:
        """Whether the target has each event exactly once, in order per channel."""
        return not (self.lost or self.repeated or self.out_of_order or self.unknown)


def judge(published: Mapping[str, int], records: Iterable[tuple[str, int]]) -> Verdict:
    """Compare the records of a target with what was published.

    Args:
        published: How many events each channel had. They are numbered from 0 on.
        records: Channel and number of each record, in the order of the target.
    """
    seen, highest = Counter[tuple[str, int]](), dict[str, int]()
    out_of_order = 0
    for channel, number in records:
        seen[channel, number] += 1
        out_of_order += number < highest.get(channel, -1)
        highest[channel] = max(number, highest.get(channel, -1))
    known = sum(0 <= number < published.get(channel, 0) for channel, number in seen)
    events = sum(published.values())
    return Verdict(events, events - known, seen.total() - len(seen), out_of_order, len(seen) - known)
