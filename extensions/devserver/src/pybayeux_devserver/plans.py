"""Plans: what goes wrong the next few times, and for which requests.

Owns the counting and the order. What goes wrong is whatever a plan carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .options import Json

__all__ = ("Plan", "next_of")

T = TypeVar("T")


@dataclass(slots=True)
class Plan(Generic[T]):
    """Something that goes wrong the next few times."""

    times: int
    mishap: T
    channel: str | None = None
    """Only requests with a message to this channel."""
    with_events: bool = False
    """Only where the answer carries events."""
    meant: Callable[[Sequence[Json], Sequence[Json]], bool] | None = None
    """Only where this says so, of the messages asked and answered."""

    def strikes(self, asked: Sequence[Json], answered: Sequence[Json]) -> bool:
        """Whether this request is one of those meant; it counts then."""
        if self.times <= 0 or (self.channel and self.channel not in [m.get("channel") for m in asked]):
            return False
        if self.with_events and not any("data" in message for message in answered):
            return False
        if self.meant is not None and not self.meant(asked, answered):
            return False
        self.times -= 1
        return True


def next_of(plans: Iterable[Plan[T]], asked: Sequence[Json] = (), answered: Sequence[Json] = ()) -> T | None:
    """What the first plan that strikes carries, or None; one plan strikes at most."""
    return next((plan.mishap for plan in plans if plan.strikes(asked, answered)), None)
