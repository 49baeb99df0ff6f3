"""The subscriptions that had an event since they were last asked for.

To ask each subscription for that would cost more than the events do, where there are thousands of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .resumption import Resumption

__all__ = ("SubscriptionsWithEvents",)


class SubscriptionsWithEvents:
    """Collects subscriptions. `Resumption.has_event` says which are in it, and is read before `add` is called."""

    def __init__(self) -> None:
        self._resumptions: list[Resumption] = []

    def add(self, resumption: Resumption) -> None:
        """The first event of a subscription has come since the last `take`."""
        resumption.has_event = True
        self._resumptions.append(resumption)

    def take(self) -> list[Resumption]:
        """Return the subscriptions that had an event since the last call."""
        taken, self._resumptions = self._resumptions, []
        for each in taken:
            each.has_event = False
        return taken

    def clear(self) -> None:
        """The client has ended."""
        self._resumptions.clear()
