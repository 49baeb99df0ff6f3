"""Planned faults: how often a fault happens, and to which requests.

Owns the counting and the order. It does not know what a fault does.
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
    """A fault that happens to the next matching requests."""

    times: int
    fault: T
    channel: str | None = None
    """Match only requests with a message to this channel."""
    with_events: bool = False
    """Match only replies that carry events."""
    condition: Callable[[Sequence[Json], Sequence[Json]], bool] | None = None
    """Match only if this returns true for the messages of the request and of the reply."""

    def applies_to(self, request: Sequence[Json], reply: Sequence[Json]) -> bool:
        """Whether a request matches. A match is counted."""
        if self.times <= 0 or (self.channel and self.channel not in [m.get("channel") for m in request]):
            return False
        if self.with_events and not any("data" in message for message in reply):
            return False
        if self.condition is not None and not self.condition(request, reply):
            return False
        self.times -= 1
        return True


def take_fault(plans: Iterable[Plan[T]], request: Sequence[Json] = (), reply: Sequence[Json] = ()) -> T | None:
    """The fault of the first plan that matches, or None. At most one plan is counted."""
    return next((plan.fault for plan in plans if plan.applies_to(request, reply)), None)
