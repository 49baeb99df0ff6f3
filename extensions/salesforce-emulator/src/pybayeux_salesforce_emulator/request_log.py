"""The record of an org as a story: who came when, and what was said.

Owns the reading of recorded requests, for the oracles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pybayeux_devserver.toolkit import Json, RecordedRequest

__all__ = (
    "TimelineEntry",
    "cause",
    "clients",
    "cookie",
    "is_streaming",
    "is_unknown",
    "starts_session",
    "streaming",
    "timeline",
)

_STREAMING: Final = "/cometd"


class TimelineEntry(NamedTuple):
    """A request came, or was answered."""

    time: float
    order: int
    request: RecordedRequest
    answered: bool


def is_streaming(request: RecordedRequest) -> bool:
    """Whether a request is one to the streaming endpoint."""
    return request.path.startswith(_STREAMING)


def streaming(requests: Iterable[RecordedRequest]) -> Iterator[RecordedRequest]:
    """The requests to the streaming endpoint."""
    return (request for request in requests if is_streaming(request))


def timeline(requests: Sequence[RecordedRequest]) -> list[TimelineEntry]:
    """Requests and answers in the order in which they happened."""
    timeline = [TimelineEntry(request.time, order, request, False) for order, request in enumerate(requests)]
    for order, request in enumerate(requests):
        if request.answered is not None:
            timeline.append(TimelineEntry(request.answered, order, request, True))
    # At the same time a request comes before its own answer, and an answer before the next request.
    return sorted(timeline, key=lambda moment: (moment.time, moment.order, moment.answered))


def clients(request: RecordedRequest, channel: str | None = None) -> list[str]:
    """The sessions that a request is of, each once."""
    named = (m["clientId"] for m in request.messages if "clientId" in m and channel in (None, m.get("channel")))
    return list(dict.fromkeys(str(client_id) for client_id in named))


def cause(reply: Json) -> str:
    """Why a request failed: what ``ext.sfdc`` says, or the error."""
    ext: Any = reply.get("ext")
    hidden = ext.get("sfdc", {}).get("failureReason") if isinstance(ext, dict) else None
    return str(hidden or reply.get("error") or "")


def is_unknown(reply: Json) -> bool:
    """Whether a reply says that a session is unknown."""
    return "unknown client" in cause(reply).lower()


def starts_session(reply: Json) -> bool:
    """Whether a reply starts_session a session."""
    return reply.get("channel") == "/meta/handshake" and "clientId" in reply


def cookie(request: RecordedRequest, name: str) -> str | None:
    """The value of a cookie of a request."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for found, _, value in pairs if found == name), None)
