"""Filtered subscriptions to PushTopics, such as ``/topic/Opps?Stage=Won``, and the channel of their events.

A filter is part of the subscription's channel. The events of such a subscription may come with it or without: no
document says which. This module finds the subscription that an event without a filter belongs to. ``&`` in a filter is
a logical OR ("Filtered Subscriptions", Streaming API Developer Guide). It knows no session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Message

__all__ = ("FilteredTopics",)

_PREFIX: Final = "/topic/"
_REMEMBERED: Final = 10_000


class FilteredTopics:
    """The subscriptions of a client to PushTopics.

    The server sends one copy of an event for each subscription that it fits. Copies without a filter look alike, so
    each goes to a subscription that has not had this event.
    """

    def __init__(self) -> None:
        self._topics: Final[dict[str, dict[str, _Subscription]]] = {}

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._topics)

    def add(self, channel: str) -> None:
        """A subscribe to a channel is sent: what it had before may come again."""
        topic, _, query = channel.partition("?")
        if topic.startswith(_PREFIX):
            self._topics.setdefault(topic, {})[channel] = _Subscription(channel, query)

    def remove(self, channel: str) -> None:
        """A subscription has ended."""
        topic = channel.partition("?")[0]
        subscriptions = self._topics.get(topic, {})
        subscriptions.pop(channel, None)
        if not subscriptions:
            self._topics.pop(topic, None)

    def channel_of(self, event: Message) -> str:
        """Return the channel of the subscription that an event belongs to; its own if there is no other."""
        topic, mark, _ = event.channel.partition("?")
        subscriptions = self._topics.get(topic)
        if not subscriptions or (mark and event.channel in subscriptions):
            return event.channel
        if mark:
            return next((name for name in subscriptions if unquote(name) == unquote(event.channel)), event.channel)
        return _next_of(_fitting(list(subscriptions.values()), _record(event)), _replay_id(event))


class _Subscription:
    """A subscription, and the replay ids of the events that it has had.

    Args:
        channel: Its channel.
        query: The filter, empty for none.
    """

    def __init__(self, channel: str, query: str) -> None:
        self.channel: Final = channel
        self._expressions: Final = [_expression(each) for each in query.split("&") if each]
        self._had: Final[dict[Any, None]] = {}

    def fits(self, record: dict[str, Any]) -> bool:
        return not self._expressions or any(
            name in record and _text(record[name]) == value for name, value in self._expressions
        )

    def takes(self, replay_id: Any) -> bool:
        """Whether it has not had this event; it has had it from now on."""
        if replay_id in self._had:
            return False
        self._had[replay_id] = None
        if len(self._had) > _REMEMBERED:
            del self._had[next(iter(self._had))]
        return True


def _fitting(subscriptions: Sequence[_Subscription], record: dict[str, Any]) -> Sequence[_Subscription]:
    """The subscriptions that a record fits. All, if it fits none: the server knows fields that the event lacks."""
    return [each for each in subscriptions if each.fits(record)] or subscriptions


def _next_of(subscriptions: Sequence[_Subscription], replay_id: Any) -> str:
    if len(subscriptions) == 1 or replay_id is None:
        return subscriptions[0].channel
    return next((each.channel for each in subscriptions if each.takes(replay_id)), subscriptions[0].channel)


def _record(event: Message) -> dict[str, Any]:
    record = event.data.get("sobject") if isinstance(event.data, dict) else None
    return record if isinstance(record, dict) else {}


def _replay_id(event: Message) -> Any:
    numbers = event.data.get("event") if isinstance(event.data, dict) else None
    return numbers.get("replayId") if isinstance(numbers, dict) else None


def _expression(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote(name), unquote(value).strip("'")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
