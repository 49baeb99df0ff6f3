"""The options of a backfill, and what it tells the program: the plan that it asks permission for, and its reports.

Knows neither the client nor the org.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the types of options are read at run time
from typing import Any, Final, TypeAlias

__all__ = ("BackfillOptions", "BackfillPlan", "BackfillReport", "Permit")

SNAPSHOT: Final = "snapshot"
PAGE: Final = 2000
"""Records of one page of a query ("Query", REST API Developer Guide)."""


_POSITIVE: Final = ("calls_per_minute", "bulk_from", "retry", "bulk_poll", "first_wait")


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill would read, and what that would cost. Passed to `BackfillOptions.permit`.

    Attributes:
        channel: The channel whose gap is filled.
        entity: The object to read, such as ``Account``.
        since: Records that changed from then on are read; None: all records.
        records: How many records that are.
        requests: About how many API requests it takes.
        left: How many API requests the org has left for the day; None if it does not say.
        limit: How many it has in 24 hours; None if it does not say.
        is_bulk: Whether Bulk API 2.0 is used.
    """

    channel: str
    entity: str
    since: datetime | None
    records: int
    requests: int
    left: int | None
    limit: int | None
    is_bulk: bool

    def __str__(self) -> str:
        when = "all records" if self.since is None else f"what changed since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        left = "" if self.left is None else f", and {self.left:,} of {self.limit or 0:,} are left for the day"
        api = "Bulk API 2.0" if self.is_bulk else "the REST API"
        return f"{self.entity}, {when}: {self.records:,} records, about {self.requests:,} requests of {api}{left}"


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What became of a gap. Passed to `BackfillOptions.report`.

    Attributes:
        channel: The channel.
        reason: What made the gap: ``expired``, ``foreign`` or ``skipped`` (see `pybayeux_replay.GapReason`), a change
            type such as ``GAP_UPDATE``, ``snapshot``, ``interrupted`` (the process ended during a backfill) or
            ``unstored`` (it ended before an event was handled).
        filled: Whether the gap is filled. Else it stays open, and the stream goes on.
        records: How many records were handed out.
        why: Why it stays open; empty if it is filled.
    """

    channel: str
    reason: str
    filled: bool
    records: int = 0
    why: str = ""

    def __str__(self) -> str:
        if self.filled and self.reason == SNAPSHOT:
            return f"{self.channel}: all {self.records:,} records were handed out"
        if self.filled:
            return f"{self.channel}: a gap ({self.reason}) was filled with {self.records:,} records"
        return f"{self.channel}: a gap ({self.reason}) stays open: {self.why}"


Permit: TypeAlias = Callable[[BackfillPlan], Any]
"""Returns whether a backfill may go on, or an awaitable of that."""


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """How gaps are filled.

    Attributes:
        snapshot: Whether a channel without a stored position begins with all records of its objects.
        objects: The objects that are read for a channel of several, such as ``/data/ChangeEvents``. Empty: those that
            the Tooling API names.
        overlap: By how many seconds the read begins earlier than the gap: as long as a transaction may take, since
            records have the time at which they were saved, and events that of the commit.
        calls_per_minute: How many API requests a backfill makes per minute at the most, and ten at once.
        bulk_from: From how many records on Bulk API 2.0 is used.
        reserve: The share of the org's daily API requests that a backfill leaves without asking.
        permit: Called with a `BackfillPlan` that would go below the reserve; returns whether to go on, or an awaitable
            of that. None: it waits until the org has enough requests left, and looks again every `retry` seconds.
        retry: Seconds between two looks.
        report: Called with a `BackfillReport` of each gap.
        bulk_poll: Seconds between two looks at a query job.
        settle: Seconds after which a record is read again that had just changed when it was read: the org has times in
            whole seconds, so events of the stream could not be told to be older or newer.
        first_wait: Seconds of the first wait after a request that failed; each further one is twice as long, up to
            five minutes.

    Raises:
        ValueError: A number is out of its range.
    """

    snapshot: bool = False
    objects: tuple[str, ...] = ()
    overlap: float = 600.0
    calls_per_minute: float = 60.0
    bulk_from: int = 50_000
    reserve: float = 0.5
    permit: Any = None
    retry: float = 300.0
    report: Any = None
    bulk_poll: float = 5.0
    settle: float = 2.0
    first_wait: float = 1.0

    def __post_init__(self) -> None:
        if self.overlap < 0:
            raise ValueError(f"backfill: expected an overlap of at least 0 s; got {self.overlap:g}")
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                raise ValueError(f"backfill: expected {name} above 0; got {getattr(self, name):g}")
        if not 0 <= self.reserve <= 1:
            raise ValueError(f"backfill: expected a reserve from 0 to 1; got {self.reserve:g}")
