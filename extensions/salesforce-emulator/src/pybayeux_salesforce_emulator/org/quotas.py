"""The limits of an org: how many clients, how many events in 24 hours, how many clients on a topic and on a server.

Owns the counts, and the switches that make a limit reached whatever the count is ("Streaming API limits"). An event
counts once for each session that it is delivered to.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..options import OrgOptions
    from ..streaming.sessions import OrgSessions
    from .clock import OrgClock

__all__ = ("Quota", "Quotas")

_DAY: Final = 24 * 3600.0


class Quota(StrEnum):
    """A limit."""

    CLIENTS = "clients"
    DELIVERED = "delivered"
    TOPIC = "topic"
    SERVER_CONNECTIONS = "server-connections"


class Quotas:
    """How much of each limit is used.

    Args:
        options: The limits.
        sessions: The sessions of the org.
        clock: The org's clock.
    """

    def __init__(self, options: OrgOptions, sessions: OrgSessions, clock: OrgClock) -> None:
        self._options: Final = options
        self._sessions: Final = sessions
        self._clock: Final = clock
        self._reached: Final[set[Quota]] = set()
        self._deliveries: Final[deque[tuple[float, int]]] = deque()

    def switch(self, quota: Quota, *, on: bool) -> None:
        """Switch on that a limit is reached, or switch it off again."""
        (self._reached.add if on else self._reached.discard)(quota)

    def count(self, events: int) -> None:
        """Count delivered events."""
        if events:
            self._deliveries.append((self._clock.now(), events))

    @property
    def delivered(self) -> int:
        """How many events were delivered in the last 24 hours."""
        since = self._clock.now() - _DAY
        while self._deliveries and self._deliveries[0][0] <= since:
            self._deliveries.popleft()
        return sum(events for _, events in self._deliveries)

    @property
    def clients_reached(self) -> bool:
        """Whether no further session is allowed."""
        return Quota.CLIENTS in self._reached or _reaches(len(self._sessions), self._options.max_clients)

    @property
    def delivered_reached(self) -> bool:
        """Whether no further events are delivered."""
        return Quota.DELIVERED in self._reached or _reaches(self.delivered, self._options.max_delivered)

    @property
    def server_reached(self) -> bool:
        """Whether a server has too many connections."""
        return Quota.SERVER_CONNECTIONS in self._reached

    def topic_reached(self, channel: str) -> bool:
        """Whether no further session may subscribe to a topic."""
        used = sum(1 for s in self._sessions if any(sub.channel == channel for sub in s.subscriptions.values()))
        return Quota.TOPIC in self._reached or _reaches(used, self._options.max_topic_clients)


def _reaches(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit
