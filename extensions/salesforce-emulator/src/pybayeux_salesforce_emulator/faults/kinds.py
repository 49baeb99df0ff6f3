"""The kinds of faults, by name: what each does to a request or to its reply.

Owns the names. What happens to messages is in `rewrites.py`, to the bytes of a body in `bodies.py`, to a connection in
the server's `py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.responses import Response

from pybayeux_devserver.toolkit import HangingResponse, NoResponse, TruncatedResponse

from . import bodies, rewrites

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json, Sockets

    from ..streaming.sessions import OrgSession

__all__ = ("FAULT_KINDS", "Fault")

Rewrite: TypeAlias = Callable[[Sequence["Json"], "OrgSession | None"], "list[Json]"]
Wrap: TypeAlias = Callable[[Response], Response]


def _same(whole: Response) -> Response:
    return whole


def _as_meant(messages: Sequence[Json], _session: OrgSession | None) -> list[Json]:
    return list(messages)


def _any(messages: Sequence[Json]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way of going wrong."""

    name: str
    replaces_request: bool = False
    """Whether the request is not handled at all."""
    status: int | None = None
    """The HTTP status in the place of the one meant, for the record."""
    marks_delivered: bool = True
    """Whether the events of the reply count as delivered."""
    loses_reply: bool = False
    """Whether they do not arrive."""
    applies_to: Callable[[Sequence[Json]], bool] = _any
    """Which replies it can strike."""
    rewrite: Rewrite = _as_meant
    """What becomes of the messages of a session's reply."""
    response: Wrap = _same


Maker: TypeAlias = Callable[..., Fault]


def _instead(make: Callable[..., Response], status: int | None = None) -> Maker:
    """In place of being handled."""

    def maker(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(make).bind(None, **parameters)
        return Fault(name=name, replaces_request=True, status=status, response=lambda _: make(sockets, **parameters))

    return maker


def _lost(wrap: Callable[[Response, Sockets], Response], *, marks_delivered: bool = True) -> Maker:
    """Handled, and then the reply is lost with its events."""

    def maker(name: str, sockets: Sockets) -> Fault:
        return Fault(
            name=name, marks_delivered=marks_delivered, loses_reply=True, response=lambda whole: wrap(whole, sockets)
        )

    return maker


def _body(
    change: Callable[..., Response], applies_to: Callable[[Sequence[Json]], bool] = _any, *, loses_reply: bool = False
) -> Maker:
    """The reply's bytes are changed, so much that nothing of it arrives or not."""

    def maker(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(change).bind(None, **parameters)
        return Fault(
            name=name,
            applies_to=applies_to,
            loses_reply=loses_reply,
            response=lambda whole: change(whole, **parameters),
        )

    return maker


def _said(change: Callable[..., list[Json]], applies_to: Callable[[Sequence[Json]], bool] = _any) -> Maker:
    """The reply's messages are changed."""

    def maker(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(change).bind(None, **parameters)
        return Fault(name=name, applies_to=applies_to, rewrite=lambda messages, _: change(messages, **parameters))

    return maker


def _unsubscribed(name: str, sockets: Sockets, *, subscription: str | None = None, **parameters: Any) -> Fault:
    def rewrite(messages: Sequence[Json], session: OrgSession | None) -> list[Json]:
        ending = subscription or next(iter(session.subscriptions if session else ()), None)
        if session is None or session.subscriptions.pop(ending or "", None) is None:
            return list(messages)
        return rewrites.subscribe_failure(messages, subscription=ending, **parameters)

    return Fault(name=name, rewrite=rewrite)


def _unmarked(name: str, sockets: Sockets) -> Fault:
    return Fault(name=name, marks_delivered=False)


FAULT_KINDS: Final[Mapping[str, Maker]] = {
    # The request is lost before anything is done.
    "request-eof": _instead(lambda sockets: NoResponse(sockets)),
    "request-reset": _instead(lambda sockets: NoResponse(sockets, reset=True)),
    "hang": _instead(lambda sockets: HangingResponse()),
    "http-500": _instead(bodies.html(500), 500),
    "http-502": _instead(bodies.html(502), 502),
    "http-503": _instead(bodies.html(503), 503),
    "http-504": _instead(bodies.html(504), 504),
    # The reply is lost, and with it the events that count as delivered.
    "reply-eof": _lost(lambda whole, sockets: TruncatedResponse(whole, sockets)),
    "reply-reset": _lost(lambda whole, sockets: TruncatedResponse(whole, sockets, reset=True)),
    "reply-lost": _lost(lambda whole, sockets: NoResponse(sockets)),
    "reply-lost-reset": _lost(lambda whole, sockets: NoResponse(sockets, reset=True)),
    "reply-lost-unmarked": _lost(lambda whole, sockets: NoResponse(sockets), marks_delivered=False),
    "empty-200": _body(bodies.empty, loses_reply=True),
    "html-200": _body(bodies.page, loses_reply=True),
    "html-502": _body(bodies.bad_gateway, loses_reply=True),
    "truncated-json": _body(bodies.truncated, loses_reply=True),
    "binary-junk": _body(bodies.junk, loses_reply=True),
    # The reply arrives, and is odd.
    "wrong-content-type": _body(bodies.wrong_media_type),
    "bom": _body(bodies.byte_order_mark),
    "nan": _body(bodies.not_a_number),
    "invalid-utf8": _body(bodies.invalid_utf8),
    "deep-nesting": _body(bodies.deep),
    "duplicate-keys": _body(bodies.duplicate_keys),
    "single-object": _body(bodies.single_object, lambda messages: len(messages) == 1),
    "gzip": _body(bodies.compressed),
    "chunked": _body(bodies.chunked),
    "slow-body": _body(bodies.slow),
    "late": _body(bodies.late),
    "padded": _body(bodies.padded),
    "http-status": _body(bodies.status),
    # The reply says odd things.
    "unknown-channel": _said(rewrites.unknown_channel),
    "unknown-meta": _said(rewrites.unknown_meta),
    "unsolicited-subscribe-failure": _unsubscribed,
    "leading-disconnect": _said(rewrites.leading_disconnect),
    "numeric-ids": _said(rewrites.numeric_ids),
    "missing-ids": _said(rewrites.missing_ids),
    "interval-500": _said(rewrites.interval),
    "shuffled": _said(rewrites.shuffled),
    "repeat-events": _unmarked,
}
