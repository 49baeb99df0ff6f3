"""Events that no subscription covers: reported once for each channel, for they would be lost without a word.

Late events of a subscription that has ended are ordinary and not reported, nor are messages on service channels: a
late answer to a call is one. Knows nothing of queues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..channel import Channel, ChannelType
from ..errors import UnroutedEventError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import BayeuxError

__all__ = ("UnroutedEvents",)

_REMEMBERED: Final = 1000
"""Channels that are remembered, of each kind. The server chooses the names, so there may be any number."""


class UnroutedEvents:
    """Reports the channels whose events no subscription covers.

    Args:
        report: Called with the error for each of these channels.
    """

    def __init__(self, report: Callable[[BayeuxError], None]) -> None:
        self._report: Final = report
        self._ended: Final[dict[str, None]] = {}
        self._reported: Final[dict[str, None]] = {}

    def subscription_ended(self, channel: str) -> None:
        """A channel or pattern has lost its last subscription."""
        _remember(self._ended, channel)

    def note(self, channel: str) -> None:
        """An event on a channel that no subscription covers was dropped."""
        if channel in self._reported or Channel(channel).type is not ChannelType.BROADCAST:
            return
        if any(pattern in self._ended for pattern in Channel(channel).covering_patterns()):
            return
        _remember(self._reported, channel)
        self._report(UnroutedEventError(channel))


def _remember(channels: dict[str, None], channel: str) -> None:
    channels[channel] = None
    if len(channels) > _REMEMBERED:
        del channels[next(iter(channels))]
