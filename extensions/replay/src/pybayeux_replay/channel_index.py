"""The index of subscriptions by channel: which of them the events of a channel belong to.

It knows their names only, and not what is received or handled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType

from .position import wire_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .resumption import Resumption

__all__ = ("ChannelIndex", "covers")

_MAX_CACHED: Final = 10_000


class ChannelIndex:
    """Finds the subscriptions that the events of a channel belong to.

    Attributes:
        cache: What was found so far, by channel. It is valid until a subscription is added or removed. Channels with
            the same subscriptions have the same tuple, so that a run of their events is seen at once.
        ignored: The channels for which `ignore` was called, as long as the cache is valid.
    """

    def __init__(self) -> None:
        self.cache: Final[dict[str, tuple[Resumption, ...]]] = {}
        self.ignored: Final[set[str]] = set()
        self._by_name: Final[dict[str, Resumption]] = {}
        self._filtered: Final[dict[str, dict[Resumption, None]]] = {}  # by the channel without the filter
        self._known: Final[dict[tuple[Resumption, ...], tuple[Resumption, ...]]] = {}

    def __iter__(self) -> Iterator[Resumption]:
        return iter(list(self._by_name.values()))

    def get(self, subscription: str) -> Resumption | None:
        """Return the subscription of this name."""
        return self._by_name.get(subscription)

    def add(self, resumption: Resumption) -> None:
        """Add a subscription."""
        name = resumption.subscription
        self._by_name[name] = resumption
        if "?" in name:
            self._filtered.setdefault(wire_key(name), {})[resumption] = None
        if self.cache:
            self._forget()

    def remove(self, resumption: Resumption) -> None:
        """Remove a subscription."""
        name = resumption.subscription
        del self._by_name[name]
        if "?" in name:
            filtered = self._filtered[wire_key(name)]
            del filtered[resumption]
            if not filtered:
                del self._filtered[wire_key(name)]
        self._forget()

    def clear(self) -> None:
        """Remove all subscriptions."""
        self._by_name.clear()
        self._filtered.clear()
        self._forget()

    def ignore(self, channel: str) -> None:
        """Find no subscription for a channel, as long as the cache is valid, although there may be some."""
        self.cache[channel] = ()
        self.ignored.add(channel)

    def look_again(self) -> None:
        """What was found or ignored may be wrong now: the session is another one."""
        self.cache.clear()
        self.ignored.clear()

    def covering(self, channel: str) -> tuple[Resumption, ...]:
        """Return the subscriptions that the events of a channel belong to."""
        if (found := self.cache.get(channel)) is not None:
            return found
        found = tuple(dict.fromkeys(self._covering(Channel(channel))))  # a channel may look like a pattern
        if len(self.cache) >= _MAX_CACHED:
            self._forget()
        found = self.cache[channel] = self._known.setdefault(found, found)
        return found

    def _covering(self, channel: Channel) -> Iterator[Resumption]:
        if channel.type is not ChannelType.BROADCAST:
            return
        for pattern in channel.covering_patterns():
            if (resumption := self._by_name.get(pattern)) is not None:
                yield resumption
        # Some servers send the events of a filtered subscription without the filter in their channel.
        yield from self._filtered.get(channel, ())

    def _forget(self) -> None:
        self.look_again()
        self._known.clear()


def covers(subscription: str, channel: str) -> bool:
    """Whether the events of a channel may belong to a subscription, which `ChannelIndex` finds without asking each."""
    return Channel(subscription).match(channel) or ("?" in subscription and wire_key(subscription) == channel)
