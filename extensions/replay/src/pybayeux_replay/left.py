"""The subscriptions that the program has left in this session, and those of which events come again in the next one.

Events of a left subscription may still be under way. If the program subscribes to it again, those that were not handled
come again, and those that are under way would overtake them. So it begins again in a new session.
"""

from __future__ import annotations

from typing import Final

from .channel_index import covers

__all__ = ("LeftSubscriptions",)

_MAX_LEFT: Final = 1000
"""How many are known. Of one that was left before so many others, nothing is under way any more."""


class LeftSubscriptions:
    """Left subscriptions by name.

    Attributes:
        names: Those that were left, the oldest first.
        unfinished: Those that had events since, or that another replica went on from: they begin in a new session.
    """

    def __init__(self) -> None:
        self.names: Final[dict[str, None]] = {}
        self.unfinished: Final[set[str]] = set()

    def add(self, subscription: str) -> None:
        """The program has left a subscription."""
        self.names[subscription] = None
        if len(self.names) > _MAX_LEFT:
            oldest = next(iter(self.names))
            del self.names[oldest]
            self.unfinished.discard(oldest)

    def comes_again(self, channel: str) -> bool:
        """Whether an event of no present subscription belongs to those that begin again in a new session."""
        again = [name for name in {*self.names, *self.unfinished} if covers(name, channel)]
        self.unfinished.update(again)
        return bool(again)

    def clear(self) -> None:
        """There is a new session, or the client has ended."""
        self.names.clear()
        self.unfinished.clear()
