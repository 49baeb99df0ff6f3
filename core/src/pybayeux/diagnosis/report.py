"""The result of a diagnosis: plain values, which `msgspec.json.encode` can encode. They contain no secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ("Clock", "Connects", "ExtensionReport", "Finding", "Report", "TransportReport")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or a note.

    Attributes:
        what: What was found.
        remedy: What to do; empty if there is nothing to do.
    """

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Connects:
    """Connects that the server was asked not to hold; times are milliseconds.

    Attributes:
        count: How many there were.
        min: The time of the fastest.
        median: The usual time.
        processor_time: What the cheapest took of this machine's processor.
        linger: How long after one connect a client starts the next while events come densely (`linger`).
    """

    count: int
    min: float
    median: float
    processor_time: float
    linger: float


@dataclass(slots=True)
class TransportReport:
    """The result for one transport.

    Attributes:
        name: Its connection type.
        offered: Whether the server offers it; None if the server did not say.
        works: Whether handshake and connect succeeded; None if they were not tried.
        failed_at: The request that failed, such as ``/meta/connect``, or None.
        error: Why it failed, or None.
        status: The HTTP status of the last response, or None.
        handshake_ms: How long the handshake took, including the opening of the connection.
        first_connect_ms: How long the first connect took.
        connects: The times of all connects.
    """

    name: str
    offered: bool | None = None
    works: bool | None = None
    failed_at: str | None = None
    error: str | None = None
    status: int | None = None
    handshake_ms: float | None = None
    first_connect_ms: float | None = None
    connects: Connects | None = None


@dataclass(frozen=True, slots=True)
class ExtensionReport:
    """The result for one installed extension.

    Attributes:
        name: Its name.
        dist: The distribution that it is part of.
        version: The version of that distribution.
        state: ``used``, ``without effect``, ``active`` if the server's replies do not show it, ``failing`` if a hook
            raised an error, or a state as in `pybayeux extensions`.
        detail: What it did, or what is missing or wrong.
    """

    name: str
    dist: str
    version: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The offset of the server's clock from this machine's clock.

    Attributes:
        offset_ms: Milliseconds that the server's clock is ahead; negative if it is behind.
        accuracy_ms: The largest error of the offset, in either direction.
        source: How it was measured: ``timesync`` or ``Date``.
    """

    offset_ms: float
    accuracy_ms: float
    source: str


@dataclass(slots=True)
class Report:
    """The whole result.

    Attributes:
        url: The address, without its query, user and password.
        answers: Whether there was any response.
        status: The HTTP status of the first response, or None.
        server: The header ``Server`` of the first response, or None.
        is_bayeux: Whether the server speaks Bayeux.
        version: The version of the protocol that the server states.
        offered: The transports that the server offers.
        transports: The result for each transport that this client would use.
        advice: The server's advice; for each member, the latest value.
        announced: The `ext` of the handshake's reply, with texts masked.
        extensions: The result for each installed extension.
        clock: The server's clock, or None if no response showed it.
        cookies: The names of the cookies that the server has set.
        problems: What is wrong.
        notes: What is worth knowing but not wrong.
    """

    url: str
    answers: bool = False
    status: int | None = None
    server: str | None = None
    is_bayeux: bool = False
    version: str | None = None
    offered: list[str] = field(default_factory=list)
    transports: list[TransportReport] = field(default_factory=list)
    advice: dict[str, Any] = field(default_factory=dict)
    announced: dict[str, Any] = field(default_factory=dict)
    extensions: list[ExtensionReport] = field(default_factory=list)
    clock: Clock | None = None
    cookies: list[str] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
