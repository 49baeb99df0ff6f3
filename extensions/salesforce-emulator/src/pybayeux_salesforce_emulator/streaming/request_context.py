"""One request on its way through an org.

Owns the values that pass between the endpoint and the engine. Decides nothing.
"""

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
    """What has come of a request so far. Where it has a hold, the endpoint waits before it asks for the reply."""

    token: str | None
    """What the Authorization header says."""
    route: Route
    version: Version
    """That of the endpoint."""
    version_error: str | None = None
    """What is wrong with it."""
    alone: bool = True
    """Whether the request carries one message only: a connect in company is never held."""
    replies: list[Json] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    """The cookies to set, each with its attributes."""
    session: OrgSession | None = None
    hold: Hold | None = None
    batch: Batch | None = None
    """The events that go out with the reply; they count as delivered once the engine is told."""
    denied: bool = False
    """Whether a handshake was denied."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint sends."""

    messages: list[Json] = field(default_factory=list)
    status: int = 200
