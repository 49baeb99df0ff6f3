"""The context of one request: the values that pass between the endpoint and the engine. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Hold, Json

    from ..org.versions import Version
    from .batches import Batch
    from .cookies import Route
    from .sessions import OrgSession

__all__ = ("Reply", "RequestContext")


@dataclass(slots=True)
class RequestContext:
    """The state of a request. If it has a hold, the endpoint waits before it asks the engine for the reply."""

    token: str | None
    """The token of the Authorization header."""
    route: Route
    version: Version
    """The API version of the endpoint."""
    version_error: str | None = None
    """The error if the version is missing or not supported."""
    alone: bool = True
    """Whether the request has one message only. A connect together with other messages is never held."""
    replies: list[Json] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    """The cookies to set, each with its attributes."""
    session: OrgSession | None = None
    hold: Hold | None = None
    batch: Batch | None = None
    """The events of the reply. They count as delivered when the engine is told so."""
    denied: bool = False
    """Whether a handshake was denied."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint sends."""

    messages: list[Json] = field(default_factory=list)
    status: int = 200
