"""Desired subscriptions: the channels that the client wants, and what the server knows of each.

They outlive sessions. Does not know how they are asked for: `send_lane` does that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
        is_deferred: Whether an extension keeps it from the server, and callers of subscribe do not wait for it.
        unsent: The unsent ones of the set that it belongs to, by channel; it keeps itself in there.
    """

    channel: str
    status: SubscriptionStatus = SubscriptionStatus.UNSENT
    was_accepted: bool = False
    unsubscribe_first: bool = False
    retry_refusal: bool = False
    failures: int = 0
    due: float = 0.0
    is_deferred: bool = False
    unsent: dict[str, DesiredSubscription] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.unsent[self.channel] = self

    def sent(self) -> None:
        """A subscribe is on its way."""
        self._become(SubscriptionStatus.PENDING)
        self.unsubscribe_first = self.retry_refusal = False

    def accepted(self) -> None:
        """The server accepted it."""
        self._become(SubscriptionStatus.ACTIVE)
        self.was_accepted, self.failures, self.retry_refusal = True, 0, False

    def reset(self, due: float = 0.0) -> None:
        """It is to be asked for, not before `due`."""
        self._become(SubscriptionStatus.UNSENT)
        self.due, self.retry_refusal, self.is_deferred = due, False, False

    def defer(self) -> None:
        """An extension keeps it from the server, until it asks for it."""
        self.reset(inf)
        self.is_deferred = True

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

    def _become(self, status: SubscriptionStatus) -> None:
        self.status = status
        if status is SubscriptionStatus.UNSENT:
            self.unsent[self.channel] = self
        else:
            self.unsent.pop(self.channel, None)


class DesiredSubscriptions:
    """The set of them, by channel, in the order in which they were first wanted.

    A session asks at each step for those that are due. So the unsent ones are kept apart: mostly there are none, where
    there may be thousands of active ones.
    """

    def __init__(self) -> None:
        self._by_channel: dict[str, DesiredSubscription] = {}
        self._unsent: dict[str, DesiredSubscription] = {}

    def __iter__(self) -> Iterator[DesiredSubscription]:
        return iter(list(self._by_channel.values()))

    def get(self, channel: str) -> DesiredSubscription | None:
        """The subscription to a channel, or None where it is not wanted."""
        return self._by_channel.get(channel)

    def add(self, channel: str) -> DesiredSubscription:
        """Want a channel; to want it twice is to want it once."""
        found = self._by_channel.get(channel)
        if found is None:
            found = self._by_channel[channel] = DesiredSubscription(channel, unsent=self._unsent)
        return found

    def remove(self, channel: str) -> DesiredSubscription | None:
        """No longer want a channel; returns what was known of it."""
        self._unsent.pop(channel, None)
        return self._by_channel.pop(channel, None)

    def session_lost(self) -> None:
        """The server has forgotten all of them."""
        self._unsent.clear()  # to have them in order again
        for subscription in self:
            subscription.reset()
            subscription.unsubscribe_first = False

    @property
    def has_unsent(self) -> bool:
        """Whether the server does not know of one, nor is asked for it."""
        return bool(self._unsent)

    def due(self, now: float) -> list[DesiredSubscription]:
        """Those to ask for now."""
        return [each for each in self._unsent.values() if each.due <= now]

    def next_due(self, now: float) -> float:
        """The next time, not before `now`, at which one is to be asked for; infinity for never."""
        return max(now, min([each.due for each in self._unsent.values()], default=inf))
