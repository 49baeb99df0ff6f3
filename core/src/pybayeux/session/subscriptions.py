"""Desired subscriptions: the channels that the client wants, and what the server knows of each.

They outlive sessions. Does not know how they are asked for: `send_lane` does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("DesiredSubscription", "DesiredSubscriptions", "SubscriptionStatus")

# CometD's clients forget every subscription with the session, and leave it to the application to subscribe again;
# Faye's subscribes again but does not try a second time when that is refused. Both are what their users complain about
# most. Here a channel stays wanted until the user leaves it, or the server refuses it for good:
#
#     UNSENT  -- subscribe sent --------------------> PENDING
#     PENDING -- accepted --------------------------> ACTIVE
#     PENDING -- refused, the exchange broke -------> UNSENT, later again; or the channel is no longer wanted
#     ACTIVE  -- ended by the server, unasked ------> UNSENT, as if refused
#     any     -- session lost ----------------------> UNSENT
#
# Whether a refusal is final: the first one of a channel that was never accepted is an answer to the user, who has
# perhaps misspelt it. A channel that was accepted before is refused because of some trouble, and asked for again.


class SubscriptionStatus(Enum):
    """What the server knows of a desired subscription."""

    UNSENT = auto()
    PENDING = auto()
    ACTIVE = auto()


@dataclass(slots=True, eq=False)
class DesiredSubscription:
    """One channel that the client wants. Times are seconds of the session's clock.

    Attributes:
        channel: The channel, or a pattern.
        status: What the server knows of it.
        was_accepted: Whether the server has accepted it in this session or an earlier one.
        unsubscribe_first: Whether to unsubscribe before subscribing, so that the server starts it afresh.
        retry_refusal: Whether an extension wants a refusal of the pending subscribe to be followed by another one.
        failures: Refusals in a row.
        due: The time before which it is not asked for; infinity where an extension has to ask for it.
    """

    channel: str
    status: SubscriptionStatus = SubscriptionStatus.UNSENT
    was_accepted: bool = False
    unsubscribe_first: bool = False
    retry_refusal: bool = False
    failures: int = 0
    due: float = 0.0

    def sent(self) -> None:
        """A subscribe is on its way."""
        self.status, self.unsubscribe_first, self.retry_refusal = SubscriptionStatus.PENDING, False, False

    def accepted(self) -> None:
        """The server accepted it."""
        self.status, self.was_accepted = SubscriptionStatus.ACTIVE, True
        self.failures, self.retry_refusal = 0, False

    def reset(self, due: float = 0.0) -> None:
        """It is to be asked for, not before `due`."""
        self.status, self.due, self.retry_refusal = SubscriptionStatus.UNSENT, due, False

    def restart(self, now: float) -> None:
        """An extension wants the server to start it afresh."""
        if self.status is SubscriptionStatus.PENDING:
            # An accepted subscribe serves: it is fresh. Only a refusal has to be followed by another one, as where
            # replay falls back on a position that the server still has.
            self.retry_refusal = True
            return
        # Servers answer a second subscribe to the same channel with success and do nothing.
        self.unsubscribe_first = self.status is SubscriptionStatus.ACTIVE
        self.reset(now)


class DesiredSubscriptions:
    """The set of them, by channel, in the order in which they were first wanted."""

    def __init__(self) -> None:
        self._by_channel: dict[str, DesiredSubscription] = {}

    def __iter__(self) -> Iterator[DesiredSubscription]:
        return iter(list(self._by_channel.values()))

    def get(self, channel: str) -> DesiredSubscription | None:
        """The subscription to a channel, or None where it is not wanted."""
        return self._by_channel.get(channel)

    def add(self, channel: str) -> DesiredSubscription:
        """Want a channel; to want it twice is to want it once."""
        return self._by_channel.setdefault(channel, DesiredSubscription(channel))

    def remove(self, channel: str) -> DesiredSubscription | None:
        """No longer want a channel; returns what was known of it."""
        return self._by_channel.pop(channel, None)

    def session_lost(self) -> None:
        """The server has forgotten all of them."""
        for subscription in self:
            subscription.reset()
            subscription.unsubscribe_first = False

    def due(self, now: float) -> list[DesiredSubscription]:
        """Those to ask for now."""
        return [each for each in self if each.status is SubscriptionStatus.UNSENT and each.due <= now]

    def next_due(self, now: float) -> float | None:
        """The next time after `now` at which one is to be asked for, or None."""
        times = [each.due for each in self if each.status is SubscriptionStatus.UNSENT and now < each.due < inf]
        return min(times, default=None)
