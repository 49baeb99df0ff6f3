"""Replies that say odd things: what is added to their messages, left out or put in another order.

Owns the changes. Each takes the messages of a reply and gives new ones; events are never changed in place, as others
are to get them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.toolkit import Json

__all__ = (
    "interval",
    "leading_disconnect",
    "missing_ids",
    "numeric_ids",
    "shuffled",
    "subscribe_failure",
    "unknown_channel",
    "unknown_meta",
)

_LOST = "403::Restricted channel"


def unknown_channel(messages: Sequence[Json], *, channel: str = "/event/Nobody_Asked__e") -> list[Json]:
    """An event on a channel that nobody has subscribed to comes first."""
    stray = {"channel": channel, "data": {"payload": {}, "event": {"replayId": 1}}}
    return [stray, *messages]


def unknown_meta(messages: Sequence[Json]) -> list[Json]:
    """A message on a meta channel that no specification has comes first."""
    return [{"channel": "/meta/reconsider", "successful": True}, *messages]


def subscribe_failure(messages: Sequence[Json], *, subscription: str | None, error: str = _LOST) -> list[Json]:
    """The server says that a subscription has ended, unasked."""
    failure = {"channel": "/meta/subscribe", "subscription": subscription, "error": error, "successful": False}
    return [failure, *messages]


def leading_disconnect(messages: Sequence[Json]) -> list[Json]:
    """A disconnect without an id comes first, though the session lives on."""
    return [{"channel": "/meta/disconnect"}, *messages]


def numeric_ids(messages: Sequence[Json]) -> list[Json]:
    """Ids come back as numbers, as the documentation's example has them."""
    return [{**message, "id": int(message["id"])} if _has_digits(message) else message for message in messages]


def _has_digits(message: Json) -> bool:
    return isinstance(message.get("id"), str) and message["id"].isdigit()


def missing_ids(messages: Sequence[Json]) -> list[Json]:
    """Ids do not come back."""
    return [{name: value for name, value in message.items() if name != "id"} for message in messages]


def interval(messages: Sequence[Json], *, milliseconds: int = 500) -> list[Json]:
    """Replies to connects ask for a pause (seen behind a proxy, cometd#644)."""
    advice: Any = {"reconnect": "retry", "interval": milliseconds}
    return [
        {**message, "advice": {**advice, **message.get("advice", {}), "interval": milliseconds}}
        if message.get("channel") == "/meta/connect"
        else message
        for message in messages
    ]


def shuffled(messages: Sequence[Json]) -> list[Json]:
    """The replies stand among the events; the events keep their order."""
    replies = [message for message in messages if "data" not in message]
    events = [message for message in messages if "data" in message]
    middle = len(events) // 2
    return [*events[:middle], *replies, *events[middle:]]
