"""The limits of an org: clients, events and API requests in 24 hours, clients on a topic and on a server.

Owns the counts, and the switches that make a limit reached whatever the count is. An event counts once for each session
that it is delivered to.

Sources: Streaming API Developer Guide, "PushTopic Streaming Allocations" and "Generic Streaming Allocations"; Platform
Events Developer Guide, "Platform Event Allocations" (changes share the allocation of platform events); "API Request
Limits and Allocations" (the window of 24 hours moves on).
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ..events.channels import Product

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..options import OrgOptions
    from ..streaming.sessions import OrgSessions
    from .clock import OrgClock

__all__ = ("ALLOCATIONS", "DAY", "Quota", "Quotas")

DAY: Final = 24 * 3600.0
_KEPT: Final = DAY + 3600.0
"""The usage of the last 24 hours that ends at the last full hour begins up to an hour earlier."""

ALLOCATIONS: Final = (
    frozenset({Product.PLATFORM_EVENT, Product.CHANGE_EVENT}),
    frozenset({Product.PUSH_TOPIC}),
    frozenset({Product.GENERIC}),
)
"""The kinds of events that share a limit of delivered events."""


class Quota(StrEnum):
    """A limit."""

    CLIENTS = "clients"
    DELIVERED = "delivered"
    TOPIC = "topic"
    SERVER_CONNECTIONS = "server-connections"
    API_REQUESTS = "api-requests"


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
        self._until: Final[dict[Quota, float]] = {}
        self._deliveries: Final[deque[tuple[float, Product]]] = deque()
        self._requests: Final[deque[float]] = deque()

    def switch(self, quota: Quota, *, on: bool, seconds: float | None = None) -> None:
        """Switch on that a limit is reached, or switch it off again.

        Args:
            quota: The limit.
            on: Whether it is reached.
            seconds: When it ends by itself, in the org's time from now. None means that it does not.
        """
        if on:
            self._until[quota] = math.inf if seconds is None else self._clock.now() + seconds
        else:
            self._until.pop(quota, None)

    def _is_on(self, quota: Quota) -> bool:
        return self._clock.now() < self._until.get(quota, -math.inf)

    def count(self, events: Iterable[Product]) -> None:
        """Count delivered events."""
        now = self._clock.now()
        self._deliveries.extend((now, event) for event in events)
        while self._deliveries and self._deliveries[0][0] <= now - _KEPT:
            self._deliveries.popleft()

    def count_request(self) -> None:
        """Count a request to the REST API."""
        now = self._clock.now()
        self._requests.append(now)
        while self._requests[0] <= now - DAY:
            self._requests.popleft()

    def delivered(self, products: Iterable[Product], until: float | None = None) -> int:
        """How many events of these kinds were delivered in 24 hours.

        Args:
            products: The kinds.
            until: The end of the 24 hours, at most an hour ago. None means now.
        """
        end = self._clock.now() if until is None else until
        wanted = frozenset(products)
        return sum(1 for moment, product in self._deliveries if end - DAY < moment <= end and product in wanted)

    @property
    def requests(self) -> int:
        """How many requests to the REST API were made in the last 24 hours."""
        since = self._clock.now() - DAY
        return sum(1 for moment in self._requests if moment > since)

    @property
    def requests_reached(self) -> bool:
        """Whether no further request to the REST API is allowed."""
        return self._is_on(Quota.API_REQUESTS) or _reaches(self.requests, self._options.max_api_requests)

    @property
    def clients_reached(self) -> bool:
        """Whether no further session is allowed."""
        return self._is_on(Quota.CLIENTS) or _reaches(len(self._sessions), self._options.max_clients)

    @property
    def delivered_reached(self) -> bool:
        """Whether no further events are delivered: the limit of one of the allocations is reached."""
        limit = self._options.max_delivered
        reached = limit is not None and any(_reaches(self.delivered(each), limit) for each in ALLOCATIONS)
        return self._is_on(Quota.DELIVERED) or reached

    @property
    def server_reached(self) -> bool:
        """Whether a server has too many connections."""
        return self._is_on(Quota.SERVER_CONNECTIONS)

    def topic_reached(self, channel: str) -> bool:
        """Whether no further session may subscribe to a topic."""
        used = sum(1 for s in self._sessions if any(sub.channel == channel for sub in s.subscriptions.values()))
        return self._is_on(Quota.TOPIC) or _reaches(used, self._options.max_topic_clients)


def _reaches(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit
