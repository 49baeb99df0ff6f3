"""A trace's context in the `ext` of a message, in whatever form the program's propagator gives it: W3C's by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry import propagate, trace
from opentelemetry.context import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Message

__all__ = ("Carriage",)


class Carriage:
    """Puts contexts into messages and takes them out.

    Args:
        member: The member of `ext` that has the propagator's fields as its members. None: they are members of `ext`
            themselves, ``ext.traceparent`` and ``ext.tracestate``.
    """

    def __init__(self, member: str | None) -> None:
        self._member: Final = member

    def load(self, message: Message, span: trace.Span) -> None:
        """Let a message say which span sent it."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(span, Context()))
        if carrier:
            told = carrier if self._member is None else {self._member: carrier}
            message.ext = {**(message.ext or {}), **told}

    def context(self, message: Message) -> Context:
        """The context that a message came with; an empty one where there is none."""
        carrier = self._carrier(message)
        return Context() if not carrier else propagate.extract(carrier, Context())

    def links(self, message: Message) -> Sequence[trace.Link]:
        """A link to the span that sent a message, where it says which."""
        if message.ext is None:
            return ()
        sender = trace.get_current_span(self.context(message)).get_span_context()
        return (trace.Link(sender),) if sender.is_valid else ()

    def _carrier(self, message: Message) -> dict[str, str]:
        """The text in it alone: what a server sends may be anything."""
        found: Any = message.ext if self._member is None else (message.ext or {}).get(self._member)
        if not isinstance(found, dict):
            return {}
        return {name: value for name, value in found.items() if isinstance(value, str)}
