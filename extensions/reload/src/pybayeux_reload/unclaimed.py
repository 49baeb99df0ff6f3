"""Events that came before their receivers.

A session that is taken over is subscribed already: the first answer brings what was published meanwhile. The program
that takes it over may make its receivers only after it has started, and an event without one is gone. So what belongs
to a subscription of the old process waits here until the new one subscribes to the same.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Unclaimed",)

_logger: Final = logging.getLogger("pybayeux.reload")


class Unclaimed:
    """Keeps events back, in order.

    Args:
        limit: How many events wait at the most. With one more, nobody is waited for any longer.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit: Final = limit
        self._expected: set[str] = set()
        self._claimed: set[str] = set()
        self._kept: list[Message] = []

    def expect(self, channels: Iterable[str]) -> None:
        """Begin: these channels and patterns are subscribed to, and have no receivers yet."""
        self._expected, self._claimed = set(channels), set()
        self._kept.clear()

    def keep(self, messages: list[Message]) -> list[Message]:
        """What of a batch is to be handed on now."""
        if not self._expected:
            return messages
        kept = [message for message in messages if self._is_unclaimed(message)]
        if not kept:
            return messages
        if len(self._kept) + len(kept) > self._limit:
            return self._give_up() + messages
        for message in kept:
            message.detach()  # from its batch, which may be large
        self._kept += kept
        waiting = {id(message) for message in kept}
        return [message for message in messages if id(message) not in waiting]

    def claim(self, channels: Iterable[str]) -> list[Message]:
        """Somebody receives these channels and patterns from now on; gives what waited for that."""
        if not self._expected:
            return []
        claimed = set(channels)
        self._claimed |= claimed
        self._expected -= claimed
        given = [message for message in self._kept if not self._is_unclaimed(message)]
        self._kept = [message for message in self._kept if self._is_unclaimed(message)]
        return given

    def _is_unclaimed(self, message: Message) -> bool:
        if message.successful is not None or Channel(message.channel).type is not ChannelType.BROADCAST:
            return False
        return _is_covered(message.channel, self._expected) and not _is_covered(message.channel, self._claimed)

    def _give_up(self) -> list[Message]:
        _logger.warning(
            "%d events wait for receivers that did not come: they are given up, and so are the later ones of %s",
            len(self._kept),
            ", ".join(sorted(self._expected)),
        )
        given = list(self._kept)
        self.expect(())
        return given


def _is_covered(channel: str, patterns: set[str]) -> bool:
    # Salesforce's filters are part of a subscription's name, and not of its events'.
    return any(Channel(pattern.partition("?")[0]).match(channel) for pattern in patterns)
