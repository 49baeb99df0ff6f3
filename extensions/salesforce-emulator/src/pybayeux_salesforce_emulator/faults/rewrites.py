"""Unusual messages in a reply: added, changed, left out or reordered.

Each function takes the messages of a reply and returns new ones. Events are never changed in place, because other
sessions receive them too.
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

_RESTRICTED = "403::Restricted channel"


def unknown_channel(messages: Sequence[Json], *, channel: str = "/event/Nobody_Asked__e") -> list[Json]:
    """First comes an event on a channel that the client has not subscribed to."""
    stray = {"channel": channel, "data": {"payload": {}, "event": {"replayId": 1}}}
    return [stray, *messages]


def unknown_meta(messages: Sequence[Json]) -> list[Json]:
    """First comes a message on a meta channel that does not exist in the specification."""
    return [{"channel": "/meta/reconsider", "successful": True}, *messages]


def subscribe_failure(messages: Sequence[Json], *, subscription: str | None, error: str = _RESTRICTED) -> list[Json]:
    """First comes a failed reply to a subscribe that the client has not sent: a subscription has ended."""
    failure = {"channel": "/meta/subscribe", "subscription": subscription, "error": error, "successful": False}
    return [failure, *messages]


def leading_disconnect(messages: Sequence[Json]) -> list[Json]:
    """First comes a disconnect without an id, although the session stays alive."""
    return [{"channel": "/meta/disconnect"}, *messages]


def numeric_ids(messages: Sequence[Json]) -> list[Json]:
    """Ids are returned as numbers, as in the documentation's example."""
    return [{**message, "id": int(message["id"])} if _has_digits(message) else message for message in messages]


def _has_digits(message: Json) -> bool:
    return isinstance(message.get("id"), str) and message["id"].isdigit()


def missing_ids(messages: Sequence[Json]) -> list[Json]:
    """Ids are not returned."""
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
    """The replies stand in the middle of the events. The events keep their order."""
    replies = [message for message in messages if "data" not in message]
    events = [message for message in messages if "data" in message]
    middle = len(events) // 2
    return [*events[:middle], *replies, *events[middle:]]
