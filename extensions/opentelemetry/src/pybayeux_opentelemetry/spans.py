"""Spans: a publish or a call from its sending until its reply, an event from its arrival until it is handled.

A span starts in one hook and ends in another, so none of them is ever the current span.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from . import conventions as names

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from pybayeux import Message

    from .propagation import ExtPropagator

__all__ = ("PendingRequest", "Spans")

_SERVICE: Final = "/service/"
_MAX_PENDING: Final = 1_000
"""How many requests may wait for replies; beyond that the oldest one counts as unanswered."""
_ANSWER_TIMEOUT: Final = 60.0
"""Seconds after the acknowledgement of a service message in which its answer may come."""


class PendingRequest:
    """A publish or a call that waits for its reply.

    Attributes:
        channel: Its channel.
        span: Its span.
        acknowledged_at: When the server acknowledged it without an answer, in seconds since the epoch, or None.
        is_counted: Whether an earlier reply to it was counted.
    """

    __slots__ = ("acknowledged_at", "channel", "is_counted", "span")

    def __init__(self, channel: str, span: Span) -> None:
        self.channel: Final = channel
        self.span: Final = span
        self.acknowledged_at: float | None = None
        self.is_counted: bool = False


class Spans:
    """The spans of one client.

    A message to ``/service/...`` may be a publish or a remote call. The answer to a call is an event with the id of the
    call. It comes after the acknowledgement that a publish gets too, or in its place. So the span of such a message
    waits a minute for an answer, and otherwise ends with the acknowledgement.

    Args:
        tracer: Creates the spans.
        propagator: Reads and writes the context in messages.
        propagate: Whether messages that are sent carry the context of their span.
    """

    def __init__(self, tracer: Tracer, propagator: ExtPropagator, *, propagate: bool) -> None:
        self._tracer: Final = tracer
        self._propagator: Final = propagator
        self._propagate: Final = propagate
        self._pending: dict[str, PendingRequest] = {}

    # -- what is sent

    def start(self, message: Message, server: str, now: float) -> None:
        """Start the span of a publish or a call.

        Args:
            message: The message, before it is sent.
            server: The host of the server.
            now: The present time, in seconds since the epoch.
        """
        message_id = message.id
        if message_id is None:
            return
        operation, kind = ("call", SpanKind.CLIENT) if _is_service(message) else ("publish", SpanKind.PRODUCER)
        span = self._tracer.start_span(
            f"{operation} {message.channel}",
            # The current context is that of the task that runs the session, not that of the caller: no parent.
            Context(),
            kind,
            {
                **names.SYSTEM,
                names.OPERATION: operation,
                names.OPERATION_TYPE: "send",
                names.DESTINATION: str(message.channel),
                names.MESSAGE_ID: message_id,
                names.BODY_SIZE: len(message.raw_data),
                names.SERVER: server,
            },
            start_time=_nanoseconds(now),
        )
        if self._propagate:
            self._propagator.inject(message, span)
        self._make_room(now)
        # Ids start again in a new session.
        if (earlier := self._pending.pop(message_id, None)) is not None:
            _end_unanswered(earlier, now)
        self._pending[message_id] = PendingRequest(message.channel, span)

    def _make_room(self, now: float) -> None:
        if len(self._pending) >= _MAX_PENDING:
            _end_unanswered(self._pending.pop(next(iter(self._pending))), now)

    def finish(self, message: Message, now: float) -> PendingRequest | None:
        """Match a message with a pending request; end the request's span if this is the last message of it.

        A reply carries `successful`. An event with the id of a pending request is a reply only on a service channel.

        Returns:
            The request; None if the message is no reply to a pending one.
        """
        if message.id is None:
            return None
        request = self._pending.get(message.id)
        if request is None or request.channel != message.channel:
            return None
        if message.successful is None and not (_is_service(message) and message.has_data):
            return None
        request.is_counted = request.acknowledged_at is not None
        if message.successful and _is_service(message) and not message.has_data:
            request.acknowledged_at = now
            return request
        del self._pending[message.id]
        if message.successful is False:
            _set_error(request.span, message)
        request.span.end(_nanoseconds(now))
        return request

    def end_expired(self, now: float) -> None:
        """End the spans of service messages that were acknowledged and not answered in time."""
        if not self._pending:
            return
        for message_id, request in list(self._pending.items()):
            if request.acknowledged_at is not None and now - request.acknowledged_at > _ANSWER_TIMEOUT:
                del self._pending[message_id]
                request.span.end(_nanoseconds(request.acknowledged_at))

    def close(self, now: float) -> None:
        """End all spans: no further reply will come."""
        pending, self._pending = self._pending, {}
        for request in pending.values():
            _end_unanswered(request, now)

    # -- what is received

    def record_handled(self, message: Message, server: str, received_at: float, now: float) -> None:
        """Record the span of an event that is handled. Times are seconds since the epoch."""
        attributes: dict[str, str | int] = {
            **names.SYSTEM,
            names.OPERATION: "process",
            names.OPERATION_TYPE: "process",
            names.DESTINATION: message.channel,
            names.SERVER: server,
        }
        if message.id is not None:
            attributes[names.MESSAGE_ID] = message.id
        self._tracer.start_span(
            f"process {message.channel}",
            Context(),
            SpanKind.CONSUMER,
            attributes,
            self._propagator.links(message),
            _nanoseconds(received_at),
        ).end(_nanoseconds(now))


def _is_service(message: Message) -> bool:
    return message.channel.startswith(_SERVICE)


def _set_error(span: Span, reply: Message) -> None:
    error = reply.parse_error()  # without client ids
    span.set_attribute(names.ERROR_TYPE, names.error_type_of(error))
    span.set_status(Status(StatusCode.ERROR, "refused without a reason" if error is None else str(error)))


def _end_unanswered(request: PendingRequest, now: float) -> None:
    if request.acknowledged_at is None:
        request.span.set_attribute(names.ERROR_TYPE, "unanswered")
        request.span.set_status(Status(StatusCode.ERROR, "no reply came"))
    request.span.end(_nanoseconds(now if request.acknowledged_at is None else request.acknowledged_at))


def _nanoseconds(moment: float) -> int:
    return int(moment * 1e9)
