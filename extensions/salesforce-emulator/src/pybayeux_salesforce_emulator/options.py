"""The options of an org: its limits and timers, and what real ones do in different ways.

Owns their names, units, defaults and validity. All times are seconds of the org's own time, see `clock.py`.
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
    """Those of events that are still kept, as the documentation has it."""
    RANGE = "range"
    """Any from the oldest event that is kept to the newest."""


class OldVersions(StrEnum):
    """What becomes of an endpoint below 37.0; the documents disagree."""

    REFUSE = "refuse"
    LATEST = "latest"


class BatchOrder(StrEnum):
    """Where the reply to a connect stands among the events that come with it."""

    REPLY_FIRST = "reply-first"
    EVENTS_FIRST = "events-first"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrgOptions:
    """Everything about an org that can be chosen.

    Raises:
        ValueError: A value makes no sense.
    """

    seed: int = 0
    """Determines everything that is made up."""
    version: str = "67.0"
    """The newest API version, and that of `endpoint`."""
    time_scale: float = 1.0
    """How many seconds of the org's time pass in a second."""
    hostname: str | None = None
    """The name in the org's URLs; None means that of the address it listens on.

    Some HTTP clients take no cookies from an IP address: they need ``localhost``.
    """

    timeout: float = 110.0
    """How long a connect is held."""
    max_interval: float = 40.0
    """How long a session lives after the last reply."""
    cookie_lifetime: float = 3 * HOUR
    """How long the load balancer's cookie leads to the same server."""
    token_lifetime: float = 2 * HOUR
    """How long a token lives without being used."""
    validate_interval: float = 0.0
    """How often the token of a living session is looked at; 0 means with each request, and at once when it dies."""
    short_retention: float = 24 * HOUR
    """How long PushTopic, generic and standard-volume events are kept."""
    long_retention: float = 72 * HOUR
    """How long high-volume platform events and changes are kept."""
    purge_interval: float = HOUR
    """How often events are purged, so that some are kept for longer."""

    unknown_ids: Strictness = Strictness.STRICT
    id_gap: int = 25
    """Replay ids of a channel grow by 1 to so much."""
    first_id: int | None = None
    """The first replay id of each channel; None makes one up for each."""
    batch_events: int = 100
    """How many events a reply carries at most."""
    batch_bytes: int | None = None
    """How many bytes of events a reply carries at most, but one event always; None means any."""
    batch_order: BatchOrder = BatchOrder.REPLY_FIRST
    max_request: int = 32_768
    """How many bytes a request may have; a longer one gets HTTP 413."""

    newer_ids: bool = False
    """Take ids above the newest as the newest; what real orgs do is not documented."""
    resend_lost: bool = False
    """Deliver the events of a lost reply again within a session; no real org was seen to do so."""
    dynamic_channels: bool = False
    """Create a generic channel when somebody subscribes to it."""
    wildcard_error: str | None = None
    """The error of a subscribe with a wildcard; None means that of a channel that does not exist. Not documented."""

    two_spaces: bool = False
    """Write two spaces between the sentences of errors, as some versions do."""
    old_versions: OldVersions = OldVersions.REFUSE
    denial_status: int = 200
    """The HTTP status of a denied handshake; which one real orgs have is not documented."""
    media_type_status: int = 415
    """The HTTP status of a request that is not JSON; which one real orgs have is not documented."""
    forms: bool = False
    """Take URL-encoded messages too, as newer documents allow."""
    cookie_error: str = "400"
    """How a request without any cookie is refused: ``400`` with the documented words, ``402`` or ``403`` as unknown."""

    max_clients: int | None = None
    """How many sessions an org may have at a time."""
    max_delivered: int | None = None
    """How many events are delivered in 24 hours."""
    max_topic_clients: int | None = None
    """How many sessions may subscribe to one PushTopic or generic channel."""
    lock_after: int = 10
    """How many wrong passwords in a row lock a user out."""
    lock_duration: float = 900.0
    """For how long."""
    rotate_refresh_tokens: bool = False
    """Give a new refresh token with each refresh, and accept the old one no longer."""
    soap_login: bool = True
    """Offer SOAP logins; they never are at API 65.0 and later."""

    def __post_init__(self) -> None:
        # Plain strings are welcome where an enum is declared.
        for name, kind in _ENUMS.items():
            object.__setattr__(self, name, kind(getattr(self, name)))
        Version.parse(self.version)
        if self.time_scale <= 0:
            raise ValueError("time_scale is not positive")
        if self.batch_events < 1 or self.id_gap < 1:
            raise ValueError("batch_events and id_gap are at least one")
        if self.cookie_error not in _COOKIE_ERRORS:
            raise ValueError(f"cookie_error is none of {', '.join(_COOKIE_ERRORS)}")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative")


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
