"""From an event's channel to the subscriptions that it belongs to, found once and kept until these change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType

from .position import wire_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .resumption import Resumption

__all__ = ("Routes",)

_CACHED: Final = 10_000


class Routes:
    """The subscriptions of one client, by their names and by the channels of their events.

    Attributes:
        found: What was found so far, by channel.
    """

    def __init__(self) -> None:
        self.found: Final[dict[str, tuple[Resumption, ...]]] = {}
        self._by_name: Final[dict[str, Resumption]] = {}

    def __iter__(self) -> Iterator[Resumption]:
        return iter(list(self._by_name.values()))

    def get(self, subscription: str) -> Resumption | None:
        """The subscription of this name."""
        return self._by_name.get(subscription)

    def add(self, subscription: str, resumption: Resumption) -> None:
        """Have events of a channel or pattern belong to it."""
        self._by_name[subscription] = resumption
        self.found.clear()

    def remove(self, subscription: str) -> None:
        """Have no events belong to it."""
        del self._by_name[subscription]
        self.found.clear()

    def clear(self) -> None:
        """Remove all."""
        self._by_name.clear()
        self.found.clear()

    def forget(self) -> None:
        """Forget what was found."""
        self.found.clear()

    def ignore(self, channel: str) -> None:
        """Let events on a channel belong to nothing, until something changes."""
        self.found[channel] = ()

    def of(self, channel: str) -> tuple[Resumption, ...]:
        """The subscriptions that events on a channel belong to; `found` has them from now on."""
        if (found := self.found.get(channel)) is not None:
            return found
        is_kept = Channel(channel).type is ChannelType.BROADCAST
        covering = tuple(each for name, each in self._by_name.items() if is_kept and _covers(name, channel))
        if len(self.found) >= _CACHED:
            self.found.clear()
        self.found[channel] = covering
        return covering


def _covers(subscription: str, channel: str) -> bool:
    """Whether events on a channel belong to a subscription; those of a filtered one may come without the filter."""
    return Channel(subscription).match(channel) or ("?" in subscription and wire_key(subscription) == channel)
