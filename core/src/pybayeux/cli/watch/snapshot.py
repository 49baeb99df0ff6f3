"""`Snapshot`: what is known of a client at one moment, as `pybayeux watch --json` writes it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - the encoder reads the annotations

import msgspec

__all__ = ("ChannelFigures", "ExtensionFigures", "Happening", "LagFigures", "SeenEvent", "Snapshot")


class LagFigures(msgspec.Struct, frozen=True):
    """How late events are, in milliseconds: from the time in the event to its arrival, by this machine's clock."""

    last_ms: float
    median_ms: float
    """Of the last minute, as is the next."""
    highest_ms: float


class ChannelFigures(msgspec.Struct, frozen=True):
    """The events of one channel."""

    channel: str
    events: int
    per_second: float
    """Over the last ten seconds."""
    lag_ms: float | None
    """Of the last event. None if it does not say when it was created."""
    position: int | None
    """The replay id of the last event. None if it has none."""


class ExtensionFigures(msgspec.Struct, frozen=True):
    """One installed extension: whether it acts, what its hooks cost and what they did."""

    name: str
    version: str | None
    state: str
    reason: str
    """Why it does not act; empty if it does."""
    calls: int = 0
    """Calls of its hooks."""
    total_ms: float = 0
    """What they took together. With an asynchronous hook, waiting counts."""
    changes: int = 0
    """How many calls changed something."""
    dropped: int = 0
    errors: int = 0
    last: str = ""
    """What the last call did that changed, dropped or raised something."""


class SeenEvent(msgspec.Struct, frozen=True):
    """One event, with the beginning of its data."""

    at: datetime
    channel: str
    data: str


class Happening(msgspec.Struct, frozen=True):
    """A change of the connection, or a failure."""

    at: datetime
    text: str


class Snapshot(msgspec.Struct, frozen=True):
    """A client at one moment."""

    at: datetime
    url: str
    state: str
    ready: bool
    """Whether it is connected and every channel is active, as `Health.ready`."""
    health: str
    transport: str | None
    connected_seconds: float | None
    """Since the last connection; None if it is not connected."""
    retry_in_seconds: float | None
    sessions: int
    """How many sessions it has had."""
    reconnects: int
    """How often it was connected again after the connection or the session was lost."""
    failures: int
    events: int
    per_second: float
    """Over the last ten seconds."""
    per_second_minute: float
    lag: LagFigures | None
    channels: list[ChannelFigures]
    extensions: list[ExtensionFigures]
    recent: list[SeenEvent]
    """The last events, the newest first."""
    happenings: list[Happening]
    """What happened last, the newest first."""
