"""The options of an org: their names, units, defaults and validation.

All times are in seconds of the org's own clock, see `org/clock.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .org.versions import Version

__all__ = ("BatchOrder", "OldVersions", "OrgOptions", "Strictness")

HOUR: Final = 3600.0


class Strictness(StrEnum):
    """Which replay ids a subscribe may name."""

    STRICT = "strict"
    """Ids of events that are still kept, as documented."""
    RANGE = "range"
    """Any id from the oldest kept event to the newest."""


class OldVersions(StrEnum):
    """How an endpoint below 37.0 answers. The documents contradict each other."""

    REFUSE = "refuse"
    LATEST = "latest"


class BatchOrder(StrEnum):
    """Where the reply to a connect stands among the events of the response."""

    REPLY_FIRST = "reply-first"
    EVENTS_FIRST = "events-first"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrgOptions:
    """The options of an org.

    Raises:
        ValueError: A value is invalid.
    """

    seed: int = 0
    """Determines all generated values."""
    version: str = "67.0"
    """The newest API version, and that of `endpoint`."""
    time_scale: float = 1.0
    """How many times faster the org's clock runs."""
    hostname: str | None = None
    """The host name in the org's URLs. None means the address that it listens on.

    Some HTTP clients accept no cookies from an IP address: they need ``localhost``.
    """

    timeout: float = 110.0
    """How long a connect is held."""
    max_interval: float = 40.0
    """How long a session lives after the last reply."""
    cookie_lifetime: float = 3 * HOUR
    """How long the load balancer's cookie leads to the same server."""
    token_lifetime: float = 2 * HOUR
    """How long a token is valid without being used."""
    validate_interval: float = 0.0
    """How often the token of a session is checked. 0 means with each request, and at once when it becomes invalid."""
    short_retention: float = 24 * HOUR
    """How long PushTopic, generic and standard-volume events are kept."""
    long_retention: float = 72 * HOUR
    """How long high-volume platform events and changes are kept."""
    purge_interval: float = HOUR
    """How often old events are purged. Until then they are kept longer."""

    unknown_ids: Strictness = Strictness.STRICT
    id_gap: int = 25
    """The largest distance between two replay ids of a channel."""
    first_id: int | None = None
    """The first replay id of each channel. None chooses one for each."""
    batch_events: int = 100
    """How many events a reply may carry."""
    batch_bytes: int | None = None
    """How many bytes of events a reply may carry; one event is always sent. None means any number."""
    batch_order: BatchOrder = BatchOrder.REPLY_FIRST
    max_request: int = 32_768
    """How many bytes a request may have. A longer one gets HTTP 413."""

    filtered_channels: bool = False
    """Send the events of a filtered subscription with the filter in their channel. What real orgs do was not seen."""
    newer_ids: bool = False
    """Treat ids above the newest as the newest. What real orgs do is not documented."""
    backlog: tuple[str, ...] = ()
    """Channels with a backlog from the start; see `Incidents.backlog`."""
    resend_lost: bool = False
    """Deliver the events of a lost reply again within a session. No real org was seen to do so."""
    dynamic_channels: bool = False
    """Create a generic channel when a client subscribes to it."""
    wildcard_error: str | None = None
    """The error of a subscribe with a wildcard, which is not documented. None means that of an undefined channel."""

    two_spaces: bool = False
    """Write two spaces between the sentences of errors, as some versions do."""
    old_versions: OldVersions = OldVersions.REFUSE
    denial_status: int = 200
    """The HTTP status of a denied handshake. That of real orgs is not documented."""
    media_type_status: int = 415
    """The HTTP status of a request that is not JSON. That of real orgs is not documented."""
    forms: bool = False
    """Accept URL-encoded messages too, as newer documents allow."""
    cookie_error: str = "400"
    """The error of a request without cookies: ``400`` with the documented text; ``402`` or ``403`` call it unknown."""

    max_clients: int | None = None
    """How many sessions an org may have at the same time."""
    max_delivered: int | None = None
    """How many events are delivered in 24 hours: platform events and changes together, PushTopic and generic events."""
    max_api_requests: int | None = None
    """How many requests to the REST API are allowed in 24 hours."""
    max_topic_clients: int | None = None
    """How many sessions may subscribe to one PushTopic or generic channel."""
    query_page: int = 2000
    """How many records a page of a query has."""
    lock_after: int = 10
    """How many wrong passwords in a row lock a user out."""
    lock_duration: float = 900.0
    """How long a user is locked out."""
    rotate_refresh_tokens: bool = False
    """Return a new refresh token with each refresh, and revoke the old one."""
    instance_readable: bool = True
    """Whether REST queries work. Otherwise no client can read the name of the instance."""
    soap_login: bool = True
    """Offer SOAP logins. API 65.0 and later never have them."""

    def __post_init__(self) -> None:
        # Callers may pass a plain string for an enum.
        for name, kind in _ENUMS.items():
            object.__setattr__(self, name, kind(getattr(self, name)))
        Version.parse(self.version)
        if self.time_scale <= 0:
            raise ValueError(f"time_scale: expected more than 0; got {self.time_scale}")
        if min(self.batch_events, self.id_gap, self.query_page) < 1:
            raise ValueError(
                "batch_events, id_gap and query_page: expected at least 1; "
                f"got {self.batch_events}, {self.id_gap} and {self.query_page}"
            )
        if self.cookie_error not in _COOKIE_ERRORS:
            raise ValueError(f"cookie_error: expected one of {', '.join(_COOKIE_ERRORS)}; got {self.cookie_error!r}")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: expected 0 or more; got {getattr(self, name)}")


_ENUMS: Final = {"unknown_ids": Strictness, "old_versions": OldVersions, "batch_order": BatchOrder}
_COOKIE_ERRORS: Final = ("400", "402", "403")
_NOT_NEGATIVE: Final = (
    "timeout",
    "max_interval",
    "cookie_lifetime",
    "token_lifetime",
    "validate_interval",
    "short_retention",
    "long_retention",
    "purge_interval",
    "lock_duration",
)
