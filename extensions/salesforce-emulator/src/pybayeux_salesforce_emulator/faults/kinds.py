"""The kinds of faults, by name: what each one does to a request or to its reply.

Owns the names. Changes of messages are in `rewrites.py`, changes of a body in `bodies.py`, faults of a connection in
the development server.
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


def _unchanged_response(whole: Response) -> Response:
    return whole


def _unchanged_messages(messages: Sequence[Json], _session: OrgSession | None) -> list[Json]:
    return list(messages)


def _any(messages: Sequence[Json]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault, with its parameters."""

    name: str
    replaces_request: bool = False
    """Whether the request is not handled at all."""
    status: int | None = None
    """The HTTP status of the replacement, for the record."""
    marks_delivered: bool = True
    """Whether the events of the reply count as delivered."""
    loses_reply: bool = False
    """Whether the reply does not arrive."""
    applies_to: Callable[[Sequence[Json]], bool] = _any
    """Whether the fault can happen to a reply with these messages."""
    rewrite: Rewrite = _unchanged_messages
    """Returns other messages for the reply."""
    response: Wrap = _unchanged_response


FaultFactory: TypeAlias = Callable[..., Fault]


def _replacing_request(make: Callable[..., Response], status: int | None = None) -> FaultFactory:
    """A fault that answers a request instead of handling it."""

    def make_fault(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(make).bind(None, **parameters)
        return Fault(name=name, replaces_request=True, status=status, response=lambda _: make(sockets, **parameters))

    return make_fault


def _losing_reply(wrap: Callable[[Response, Sockets], Response], *, marks_delivered: bool = True) -> FaultFactory:
    """A fault that loses the reply and its events after the request was handled."""

    def make_fault(name: str, sockets: Sockets) -> Fault:
        return Fault(
            name=name, marks_delivered=marks_delivered, loses_reply=True, response=lambda whole: wrap(whole, sockets)
        )

    return make_fault


def _changing_body(
    change: Callable[..., Response], applies_to: Callable[[Sequence[Json]], bool] = _any, *, loses_reply: bool = False
) -> FaultFactory:
    """A fault that changes the body of the reply. With `loses_reply` nothing of the reply can be read."""

    def make_fault(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(change).bind(None, **parameters)
        return Fault(
            name=name,
            applies_to=applies_to,
            loses_reply=loses_reply,
            response=lambda whole: change(whole, **parameters),
        )

    return make_fault


def _changing_messages(
    change: Callable[..., list[Json]], applies_to: Callable[[Sequence[Json]], bool] = _any
) -> FaultFactory:
    """A fault that changes the messages of the reply."""

    def make_fault(name: str, sockets: Sockets, **parameters: Any) -> Fault:
        signature(change).bind(None, **parameters)
        return Fault(name=name, applies_to=applies_to, rewrite=lambda messages, _: change(messages, **parameters))

    return make_fault


def _ending_subscription(name: str, sockets: Sockets, *, subscription: str | None = None, **parameters: Any) -> Fault:
    def rewrite(messages: Sequence[Json], session: OrgSession | None) -> list[Json]:
        ending = subscription or next(iter(session.subscriptions if session else ()), None)
        if session is None or session.subscriptions.pop(ending or "", None) is None:
            return list(messages)
        return rewrites.subscribe_failure(messages, subscription=ending, **parameters)

    return Fault(name=name, rewrite=rewrite)


def _repeating_events(name: str, sockets: Sockets) -> Fault:
    return Fault(name=name, marks_delivered=False)


FAULT_KINDS: Final[Mapping[str, FaultFactory]] = {
    # The request is lost before it is handled.
    "request-eof": _replacing_request(lambda sockets: NoResponse(sockets)),
    "request-reset": _replacing_request(lambda sockets: NoResponse(sockets, reset=True)),
    "hang": _replacing_request(lambda sockets: HangingResponse()),
    "http-500": _replacing_request(bodies.html(500), 500),
    "http-502": _replacing_request(bodies.html(502), 502),
    "http-503": _replacing_request(bodies.html(503), 503),
    "http-504": _replacing_request(bodies.html(504), 504),
    # The reply is lost together with its events, which count as delivered.
    "reply-eof": _losing_reply(lambda whole, sockets: TruncatedResponse(whole, sockets)),
    "reply-reset": _losing_reply(lambda whole, sockets: TruncatedResponse(whole, sockets, reset=True)),
    "reply-lost": _losing_reply(lambda whole, sockets: NoResponse(sockets)),
    "reply-lost-reset": _losing_reply(lambda whole, sockets: NoResponse(sockets, reset=True)),
    "reply-lost-unmarked": _losing_reply(lambda whole, sockets: NoResponse(sockets), marks_delivered=False),
    "empty-200": _changing_body(bodies.empty, loses_reply=True),
    "html-200": _changing_body(bodies.page, loses_reply=True),
    "html-502": _changing_body(bodies.bad_gateway, loses_reply=True),
    "truncated-json": _changing_body(bodies.truncated, loses_reply=True),
    "binary-junk": _changing_body(bodies.junk, loses_reply=True),
    # The reply arrives, in an unusual form.
    "wrong-content-type": _changing_body(bodies.wrong_media_type),
    "bom": _changing_body(bodies.byte_order_mark),
    "nan": _changing_body(bodies.not_a_number),
    "invalid-utf8": _changing_body(bodies.invalid_utf8),
    "deep-nesting": _changing_body(bodies.deep),
    "duplicate-keys": _changing_body(bodies.duplicate_keys),
    "single-object": _changing_body(bodies.single_object, lambda messages: len(messages) == 1),
    "gzip": _changing_body(bodies.compressed),
    "chunked": _changing_body(bodies.chunked),
    "slow-body": _changing_body(bodies.slow),
    "late": _changing_body(bodies.late),
    "padded": _changing_body(bodies.padded),
    "http-status": _changing_body(bodies.status),
    # The reply has unusual messages.
    "unknown-channel": _changing_messages(rewrites.unknown_channel),
    "unknown-meta": _changing_messages(rewrites.unknown_meta),
    "unsolicited-subscribe-failure": _ending_subscription,
    "leading-disconnect": _changing_messages(rewrites.leading_disconnect),
    "numeric-ids": _changing_messages(rewrites.numeric_ids),
    "missing-ids": _changing_messages(rewrites.missing_ids),
    "interval-500": _changing_messages(rewrites.interval),
    "shuffled": _changing_messages(rewrites.shuffled),
    "repeat-events": _repeating_events,
}
