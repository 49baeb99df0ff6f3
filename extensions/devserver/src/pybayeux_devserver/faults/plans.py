"""Plans: what goes wrong the next few times, and for which requests.

Owns the counting and the order. What goes wrong is whatever a plan carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..options import Json

__all__ = ("Plan", "take_fault")

T = TypeVar("T")


@dataclass(slots=True)
class Plan(Generic[T]):
    """Something that goes wrong the next few times."""

    times: int
    fault: T
    channel: str | None = None
    """Only requests with a message to this channel."""
    with_events: bool = False
    """Only where the answer carries events."""
    condition: Callable[[Sequence[Json], Sequence[Json]], bool] | None = None
    """Only where this says so, of the messages asked and answered."""

    def applies_to(self, asked: Sequence[Json], answered: Sequence[Json]) -> bool:
        """Whether this request is one of those condition; it counts then."""
        if self.times <= 0 or (self.channel and self.channel not in [m.get("channel") for m in asked]):
            return False
        if self.with_events and not any("data" in message for message in answered):
            return False
        if self.condition is not None and not self.condition(asked, answered):
            return False
        self.times -= 1
        return True


def take_fault(plans: Iterable[Plan[T]], asked: Sequence[Json] = (), answered: Sequence[Json] = ()) -> T | None:
    """What the first plan that applies_to carries, or None; one plan applies_to at most."""
    return next((plan.fault for plan in plans if plan.applies_to(asked, answered)), None)
