"""Names of channels: which ones a client may use, and which patterns match a channel.

The grammar of channel names is in `pybayeux.Channel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux import Channel, ChannelType

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("broadcast_channel", "channel_to_publish", "channels_to_subscribe", "covered", "routes")


def broadcast_channel(name: str) -> Channel:
    """The channel of an event that the server itself publishes.

    Raises:
        ValueError: The name is not one of a broadcast channel.
    """
    channel = Channel(name)
    if channel.type is not ChannelType.BROADCAST or channel.has_wildcard() or not channel.is_accepted():
        raise ValueError(f"expected a broadcast channel such as '/orders'; got {name!r}")
    return channel


def routes(channel: str) -> set[str]:
    """The channel itself and every pattern that matches it."""
    segments = channel.split("/")
    deep = ("/".join([*segments[:depth], "**"]) for depth in range(1, len(segments)))
    return {channel, "/".join([*segments[:-1], "*"]), *deep}


def covered(channel: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns is the channel or matches it."""
    return not routes(channel).isdisjoint(patterns)


def channels_to_subscribe(subscription: Any) -> list[Channel]:
    """The channels of a subscribe: one name, or the members of an array.

    Raises:
        Refused: There is none, or one of them cannot be subscribed to.
    """
    names = subscription if isinstance(subscription, list) else [subscription]
    if not subscription:
        raise Refused("403::subscription_missing")
    return [_subscribable(name) for name in names]


def _subscribable(name: Any) -> Channel:
    if not isinstance(name, str) or not Channel(name).is_accepted():
        raise Refused("403::subscription_invalid")
    if Channel(name).type is ChannelType.META:
        raise Refused("403::subscribe_failed")
    return Channel(name)


def channel_to_publish(name: str) -> Channel:
    """The channel of a publication.

    Raises:
        Refused: It is a pattern, a meta channel or an invalid name.
    """
    channel = Channel(name)
    if channel.type is ChannelType.META:
        raise Refused("404::unknown_channel")
    if channel.has_wildcard() or not channel.is_accepted():
        raise Refused("405::channel_invalid")
    return channel
