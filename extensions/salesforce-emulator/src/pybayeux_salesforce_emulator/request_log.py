"""Reading the recorded requests of an org: which session each one is of, when it was answered, and why it failed.

It is used by `oracles.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pybayeux_devserver.toolkit import Json, RecordedRequest

__all__ = (
    "TimelineEntry",
    "clients",
    "cookie",
    "failure_reason",
    "is_streaming",
    "is_unknown",
    "starts_session",
    "streaming",
    "timeline",
)

_STREAMING: Final = "/cometd"


class TimelineEntry(NamedTuple):
    """The arrival of a request, or of its reply."""

    time: float
    order: int
    request: RecordedRequest
    answered: bool


def is_streaming(request: RecordedRequest) -> bool:
    """Whether a request goes to the streaming endpoint."""
    return request.path.startswith(_STREAMING)


def streaming(requests: Iterable[RecordedRequest]) -> Iterator[RecordedRequest]:
    """The requests to the streaming endpoint."""
    return (request for request in requests if is_streaming(request))


def timeline(requests: Sequence[RecordedRequest]) -> list[TimelineEntry]:
    """Requests and replies in the order of their times."""
    entries = [TimelineEntry(request.time, order, request, False) for order, request in enumerate(requests)]
    for order, request in enumerate(requests):
        if request.answered is not None:
            entries.append(TimelineEntry(request.answered, order, request, True))
    # At the same time a request comes before its own reply, and a reply before the next request.
    return sorted(entries, key=lambda entry: (entry.time, entry.order, entry.answered))


def clients(request: RecordedRequest, channel: str | None = None) -> list[str]:
    """The client ids in a request, each once."""
    named = (m["clientId"] for m in request.messages if "clientId" in m and channel in (None, m.get("channel")))
    return list(dict.fromkeys(str(client_id) for client_id in named))


def failure_reason(reply: Json) -> str:
    """Why a request failed: the reason in ``ext.sfdc``, or the error."""
    ext: Any = reply.get("ext")
    reason = ext.get("sfdc", {}).get("failureReason") if isinstance(ext, dict) else None
    return str(reason or reply.get("error") or "")


def is_unknown(reply: Json) -> bool:
    """Whether a reply says that its session is unknown."""
    return "unknown client" in failure_reason(reply).lower()


def starts_session(reply: Json) -> bool:
    """Whether a reply starts a session."""
    return reply.get("channel") == "/meta/handshake" and "clientId" in reply


def cookie(request: RecordedRequest, name: str) -> str | None:
    """The value of a cookie of a request."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for found, _, value in pairs if found == name), None)
