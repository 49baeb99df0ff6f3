"""The result of a diagnosis: plain values, which `msgspec.json.encode` takes as they are. No secret is among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ("Clock", "Connects", "ExtensionReport", "Finding", "Report", "TransportReport")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth telling.

    Attributes:
        what: What was found.
        remedy: What to do; empty where there is nothing to do.
    """

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Connects:
    """How long connects took that the server was asked not to hold, in milliseconds."""

    count: int
    min: float
    median: float


@dataclass(slots=True)
class TransportReport:
    """What one transport does.

    Attributes:
        name: Its connection type.
        offered: Whether the server offers it; None where it did not say.
        works: Whether handshake and connect were answered well; None where that was not tried.
        failed_at: The request that failed, such as ``/meta/connect``, or None.
        error: Why, or None.
        status: The HTTP status of its last answer, or None.
        handshake_ms: How long the handshake took, the opening of the connection included.
        first_connect_ms: How long the first connect took.
        connects: All connects together.
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
    """What an installed extension did.

    Attributes:
        name: Its name.
        dist: The distribution that brings it.
        version: The version of that distribution.
        state: ``used``, ``without effect``, ``active`` where the server's answers do not tell, else as
            `pybayeux extensions` has it, or ``failing`` where a hook raised.
        told: What it did, or what is missing or wrong.
    """

    name: str
    dist: str
    version: str
    state: str
    told: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What the server's clock is ahead of this one, in milliseconds; negative where it is behind.

    Attributes:
        offset_ms: The difference.
        accuracy_ms: How wrong that may be, in either direction.
        source: Where it comes from.
    """

    offset_ms: float
    accuracy_ms: float
    source: str


@dataclass(slots=True)
class Report:
    """Everything that was found out.

    Attributes:
        url: The address, without its query, user and password.
        answers: Whether anything answered there.
        status: The HTTP status of the first answer, or None.
        server: What the answer's header ``Server`` says, or None.
        is_bayeux: Whether what answered speaks Bayeux.
        version: The version of the protocol that the server says it speaks.
        offered: The transports that the server offers.
        transports: What became of each transport that this client would use.
        advice: What the server advises, the latest word for each.
        announced: The `ext` of the handshake's reply, texts masked.
        extensions: What became of each installed extension.
        clock: The server's clock, or None where nothing told it.
        cookies: The names of the cookies that the server has set.
        problems: What is wrong.
        notes: What is worth knowing and not wrong.
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
