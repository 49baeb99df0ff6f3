"""Spans: of what is sent, from its leaving to its reply, and of what is received, from its arrival to its handling.

None of them is current while it lasts: it begins in one hook and ends in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from . import conventions as names

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from pybayeux import Message

    from .carriage import Carriage

__all__ = ("Sent", "Spans")

_SERVICE: Final = "/service/"
_UNDER_WAY: Final = 1_000
"""How many messages may await their replies; of more, the oldest are taken for unanswered."""
_PATIENCE: Final = 60.0
"""Seconds after a service's receipt in which its answer may come."""


class Sent:
    """A message that awaits its reply.

    Attributes:
        channel: Where it went.
        span: Its span.
        received_at: When the server said that it had it and nothing more, in seconds since the epoch, or None.
        is_counted: Whether it had a reply before this one.
    """

    __slots__ = ("channel", "is_counted", "received_at", "span")

    def __init__(self, channel: str, span: Span) -> None:
        self.channel: Final = channel
        self.span: Final = span
        self.received_at: float | None = None
        self.is_counted = False


class Spans:
    """The spans of one client.

    A message to ``/service/...`` may be a publish or a remote call. A call is answered by an event with its id, after
    the receipt that a publish gets too or in its place; so its span waits for that for a minute, and ends with the
    receipt otherwise.

    Args:
        tracer: Makes them.
        carriage: Knows where a message says which span sent it.
        propagate: Whether what is sent says so.
    """

    def __init__(self, tracer: Tracer, carriage: Carriage, *, propagate: bool) -> None:
        self._tracer: Final = tracer
        self._carriage: Final = carriage
        self._propagate: Final = propagate
        self._sent: dict[str, Sent] = {}

    # -- what is sent

    def send(self, message: Message, server: str, now: float) -> None:
        """A publish or a call leaves."""
        message_id = message.id
        if message_id is None:
            return
        operation, kind = ("call", SpanKind.CLIENT) if _is_service(message) else ("publish", SpanKind.PRODUCER)
        span = self._tracer.start_span(
            f"{operation} {message.channel}",
            # The context here is that of the task which runs the session, not that of the caller.
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
            self._carriage.load(message, span)
        self._make_room(now)
        if (before := self._sent.pop(message_id, None)) is not None:
            _end_unanswered(before, now)
        self._sent[message_id] = Sent(message.channel, span)

    def _make_room(self, now: float) -> None:
        if len(self._sent) >= _UNDER_WAY:
            _end_unanswered(self._sent.pop(next(iter(self._sent))), now)

    def answer(self, message: Message, now: float) -> Sent | None:
        """What a message answers, if it answers something that is under way; None otherwise.

        A reply carries `successful`; of the events with the id of something sent, only a service's is an answer.
        """
        if message.id is None:
            return None
        sent = self._sent.get(message.id)
        if sent is None or sent.channel != message.channel:
            return None
        if message.successful is None and not (_is_service(message) and message.has_data):
            return None
        sent.is_counted = sent.received_at is not None
        if message.successful and _is_service(message) and not message.has_data:
            sent.received_at = now
            return sent
        del self._sent[message.id]
        if message.successful is False:
            _fail(sent.span, message)
        sent.span.end(_nanoseconds(now))
        return sent

    def tidy(self, now: float) -> None:
        """End the spans of services that said that they had something, and nothing more."""
        if not self._sent:
            return
        for message_id, sent in list(self._sent.items()):
            if sent.received_at is not None and now - sent.received_at > _PATIENCE:
                del self._sent[message_id]
                sent.span.end(_nanoseconds(sent.received_at))

    def close(self, now: float) -> None:
        """No reply will come any more."""
        sent, self._sent = self._sent, {}
        for each in sent.values():
            _end_unanswered(each, now)

    # -- what is received

    def handled(self, message: Message, server: str, arrived: float, now: float) -> None:
        """Every receiver has finished with an event."""
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
            self._carriage.links(message),
            _nanoseconds(arrived),
        ).end(_nanoseconds(now))


def _is_service(message: Message) -> bool:
    return message.channel.startswith(_SERVICE)


def _fail(span: Span, reply: Message) -> None:
    error = reply.parse_error()  # its text has no client id in it
    code = "_OTHER" if error is None or error.code is None else str(error.code)
    span.set_attribute(names.ERROR_TYPE, code)
    span.set_status(Status(StatusCode.ERROR, "refused without a reason" if error is None else str(error)))


def _end_unanswered(sent: Sent, now: float) -> None:
    if sent.received_at is None:
        sent.span.set_attribute(names.ERROR_TYPE, "unanswered")
        sent.span.set_status(Status(StatusCode.ERROR, "no reply came"))
    sent.span.end(_nanoseconds(now if sent.received_at is None else sent.received_at))


def _nanoseconds(moment: float) -> int:
    return int(moment * 1e9)
