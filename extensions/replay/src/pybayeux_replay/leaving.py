"""The windows of subscriptions that have ended, for as long as their receivers may finish the events in hand.

A client that stops unsubscribes at once, and lets handlers finish. What they finish after the server's reply counts.
Which events are in hand is not known: a window stays until it is handled, its channel is subscribed to again, or there
are too many events in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pybayeux import Message

    from .window import Window

__all__ = ("LeavingWindows",)

_MAX_EVENTS: Final = 10_000


class LeavingWindows:
    """Windows that get no more events.

    Attributes:
        windows: Those that are not handled yet, the oldest first.
    """

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def add(self, window: Window) -> None:
        """Keep a window, unless everything in it is handled."""
        if window.unhandled:
            self.windows.append(window)
        while sum(each.unhandled for each in self.windows) > _MAX_EVENTS:
            self.windows.pop(0)

    def of(self, subscription: str) -> list[Window]:
        """Return the windows of a subscription."""
        return [each for each in self.windows if each.subscription == subscription]

    def forget(self, subscription: str) -> None:
        """A channel is subscribed to again: the server sends again what is not handled."""
        self.windows = [each for each in self.windows if each.subscription != subscription]

    def clear(self) -> None:
        """The client has ended."""
        self.windows.clear()

    def handle(self, event: Message) -> Iterator[Window]:
        """Note that an event is handled; return the windows of which a position may be stored."""
        for window in tuple(self.windows):
            window.handle(event)
            if window.commits.ready is not None:
                yield window
            if not window.unhandled:
                self.windows.remove(window)
