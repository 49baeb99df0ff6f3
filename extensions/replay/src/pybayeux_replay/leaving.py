"""The windows of subscriptions that have ended, for as long as their receivers may finish the events in hand.

A client that stops unsubscribes at once, and lets handlers finish. What they finish after the server's reply counts.
Which events are in hand is not known: a window stays until it is handled, its channel is subscribed to again, or there
are too many events in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Channel

from .position import wire_key

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
        self.windows: Final[dict[Window, None]] = {}
        # An event is looked for where it may be: thousands of channels may have been left.
        self._by_channel: Final[dict[str, dict[Window, None]]] = {}
        self._events = 0

    def add(self, window: Window) -> None:
        """Keep a window, unless everything in it is handled."""
        if window.unhandled:
            self.windows[window] = None
            self._by_channel.setdefault(wire_key(window.subscription), {})[window] = None
            self._events += window.unhandled
        while self._events > _MAX_EVENTS and self.windows:
            self._remove(next(iter(self.windows)))

    def _remove(self, window: Window) -> None:
        del self.windows[window]
        of_channel = self._by_channel[wire_key(window.subscription)]
        del of_channel[window]
        if not of_channel:
            del self._by_channel[wire_key(window.subscription)]
        self._events -= window.unhandled

    def of(self, subscription: str) -> list[Window]:
        """Return the windows of a subscription."""
        of_channel = self._by_channel.get(wire_key(subscription), ())
        return [each for each in of_channel if each.subscription == subscription]

    def forget(self, subscription: str) -> None:
        """A channel is subscribed to again: the server sends again what is not handled."""
        for window in self.of(subscription):
            self._remove(window)

    def clear(self) -> None:
        """The client has ended."""
        self.windows.clear()
        self._by_channel.clear()
        self._events = 0

    def handle(self, event: Message) -> Iterator[Window]:
        """Note that an event is handled; return the windows of which a position may be stored."""
        for window in self._covering(Channel(event.channel)):
            before = window.unhandled
            window.handle(event)
            self._events -= before - window.unhandled
            if window.commits.ready is not None:
                yield window
            if not window.unhandled:
                self._remove(window)

    def _covering(self, channel: Channel) -> list[Window]:
        names = dict.fromkeys(map(wire_key, channel.covering_patterns()))
        return [window for name in names for window in self._by_channel.get(name, ())]
