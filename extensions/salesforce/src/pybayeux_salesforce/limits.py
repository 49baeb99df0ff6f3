"""The limits of an org: how much of each is left, for streaming and for the REST API.

Sources: REST API Developer Guide, "Limits"; Streaming API Developer Guide, "Monitor PushTopic and Generic Event Usage
with the REST API"; Platform Events Developer Guide, "Monitor Hourly Event Delivery Usage with REST API".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rest import RestClient

__all__ = ("CLIENTS", "DELIVERY", "REQUESTS", "EventUsage", "Limit", "read_limits", "read_usage")

REQUESTS: Final = "DailyApiRequests"
"""The limit of requests to the REST API and its siblings in 24 hours. Streaming itself is not documented to use it."""
DELIVERY: Final = (
    "DailyDeliveredPlatformEvents",
    "DailyStandardVolumePlatformEvents",
    "DailyDurableStreamingApiEvents",
    "DailyDurableGenericStreamingApiEvents",
    "DailyStreamingApiEvents",
    "DailyGenericStreamingApiEvents",
    "MonthlyPlatformEvents",
    "MonthlyPlatformEventsUsageEntitlement",
)
"""The limits of events that clients receive: platform events and changes, PushTopics, generic events."""
CLIENTS: Final = ("DurableStreamingApiConcurrentClients", "StreamingApiConcurrentClients")
"""The limits of clients at the same time. The first is for API 37.0 and later."""

_WORDS: Final = ("StreamingApi", "PlatformEvent", REQUESTS)


class Limit(NamedTuple):
    """A limit of an org.

    Attributes:
        name: Salesforce's name of the limit.
        most: The limit.
        left: What is left of it.
    """

    name: str
    most: int
    left: int

    @property
    def used(self) -> float:
        """The share that is used, from 0 to 1, and above 1 where an entitlement may be exceeded. 0 without a limit."""
        return (self.most - self.left) / self.most if self.most > 0 else 0.0


class EventUsage(NamedTuple):
    """How many events an org published or delivered in 24 hours.

    Attributes:
        name: ``PLATFORM_EVENTS_PUBLISHED``, ``PLATFORM_EVENTS_DELIVERED``, ``CHANGE_EVENTS_PUBLISHED`` or
            ``CHANGE_EVENTS_DELIVERED``.
        used: How many events.
        until: The end of the 24 hours, a full hour, in UTC.
    """

    name: str
    used: int
    until: datetime


async def read_limits(rest: RestClient) -> list[Limit]:
    """Read the limits that concern streaming and the REST API, sorted by name.

    The user needs the permission *View Setup and Configuration*.

    Raises:
        RestError: The org refused or did not answer. It is an `InvalidTokenError` or `QuotaError` too if that is the
            cause.
    """
    return sorted(_limits(await rest.get("limits")))


async def read_usage(rest: RestClient) -> list[EventUsage]:
    """Read the usage of events in the 24 hours up to the last full hour, sorted by name.

    Usage that is zero has no record, and standard-volume events are not counted ("Monitor Platform Event Publishing and
    Delivery Usage"). API versions below 50.0 have no such object.

    Raises:
        RestError: The org refused or did not answer.
    """
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start, until = (f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (end - timedelta(hours=24), end))
    soql = f"SELECT Name, Value FROM PlatformEventUsageMetric WHERE StartDate = {start} AND EndDate = {until}"  # noqa: S608
    return sorted([EventUsage(record["Name"], int(record["Value"]), end) async for record in rest.query(soql)])


def _limits(content: Mapping[str, Any]) -> list[Limit]:
    return [
        Limit(name, given["Max"], given["Remaining"])
        for name, given in content.items()
        if any(word in name for word in _WORDS) and _is_limit(given)
    ]


def _is_limit(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(given.get(name), int) for name in ("Max", "Remaining"))
