"""Context propagation: reads and writes a trace context in the `ext` of a message.

The format is that of the program's global propagator, W3C Trace Context by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry import propagate, trace
from opentelemetry.context import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Message

__all__ = ("ExtPropagator",)


class ExtPropagator:
    """Injects trace contexts into messages and extracts them.

    Args:
        member: The member of `ext` that holds the propagator's fields. None: the fields are members of `ext` itself,
            ``ext.traceparent`` and ``ext.tracestate``.
    """

    def __init__(self, member: str | None) -> None:
        self._member: Final = member

    def inject(self, message: Message, span: trace.Span) -> None:
        """Write the context of a span into a message. A span without a valid context changes nothing."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(span, Context()))
        if carrier:
            fields = carrier if self._member is None else {self._member: carrier}
            message.ext = {**(message.ext or {}), **fields}

    def extract(self, message: Message) -> Context:
        """Return the context in a message; an empty one if there is none."""
        carrier = self._carrier(message)
        return Context() if not carrier else propagate.extract(carrier, Context())

    def links(self, message: Message) -> Sequence[trace.Link]:
        """Return a link to the span that sent a message; no link if the message has no valid context."""
        if message.ext is None:
            return ()
        sender = trace.get_current_span(self.extract(message)).get_span_context()
        return (trace.Link(sender),) if sender.is_valid else ()

    def _carrier(self, message: Message) -> dict[str, str]:
        # A server may send anything here, and propagators expect text.
        fields: Any = message.ext if self._member is None else (message.ext or {}).get(self._member)
        if not isinstance(fields, dict):
            return {}
        return {name: value for name, value in fields.items() if isinstance(value, str)}
