"""Early events: events that arrive before the program has subscribed to their channels.

A session that is taken over is subscribed already, so the first reply brings what was published in the meantime. The
program may subscribe only after the client has started, and an event without a receiver would be lost. So the events of
the old process's subscriptions are held here until the new process subscribes to the same channels.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("EarlyEvents",)

_logger: Final = logging.getLogger("pybayeux.reload")


class EarlyEvents:
    """Holds events until they have a receiver, in order.

    Args:
        limit: How many events are held at most. With one more, all are passed on without a receiver.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit: Final = limit
        self._expected: set[str] = set()
        self._subscribed: set[str] = set()
        self._held: list[Message] = []

    def expect(self, channels: Iterable[str]) -> None:
        """Start: the session is subscribed to these channels and patterns, and they have no receivers yet."""
        self._expected, self._subscribed = set(channels), set()
        self._held.clear()

    def hold(self, messages: list[Message]) -> list[Message]:
        """Hold the messages that have no receiver yet; return the others."""
        if not self._expected:
            return messages
        early = [message for message in messages if self._is_early(message)]
        if not early:
            return messages
        if len(self._held) + len(early) > self._limit:
            return self._give_up() + messages
        for message in early:
            message.detach()  # from the buffer of its batch, which may be large
        self._held += early
        held = {id(message) for message in early}
        return [message for message in messages if id(message) not in held]

    def release(self, channels: Iterable[str]) -> list[Message]:
        """Return the events that have waited for these channels and patterns, which have receivers now."""
        if not self._expected:
            return []
        subscribed = set(channels)
        self._subscribed |= subscribed
        self._expected -= subscribed
        released = [message for message in self._held if not self._is_early(message)]
        self._held = [message for message in self._held if self._is_early(message)]
        return released

    def _is_early(self, message: Message) -> bool:
        if message.successful is not None or Channel(message.channel).type is not ChannelType.BROADCAST:
            return False
        return _is_covered(message.channel, self._expected) and not _is_covered(message.channel, self._subscribed)

    def _give_up(self) -> list[Message]:
        _logger.warning(
            "%d events have no receiver yet: they are passed on without one, and so are all further events of %s",
            len(self._held),
            ", ".join(sorted(self._expected)),
        )
        released = list(self._held)
        self.expect(())
        return released


def _is_covered(channel: str, patterns: set[str]) -> bool:
    # A filter of Salesforce is part of a subscription's name, and not of its events' channels.
    return any(Channel(pattern.partition("?")[0]).match(channel) for pattern in patterns)
