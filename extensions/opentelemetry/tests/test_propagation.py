from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace

from pybayeux import Message
from pybayeux_opentelemetry.propagation import ExtPropagator

_TRACE, _SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _span() -> trace.Span:
    state = trace.TraceState([("vendor", "1")])
    return trace.NonRecordingSpan(trace.SpanContext(_TRACE, _SPAN, False, trace.TraceFlags(1), state))


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (None, {"token": 1, "traceparent": _TRACEPARENT, "tracestate": "vendor=1"}),
        ("trace", {"token": 1, "trace": {"traceparent": _TRACEPARENT, "tracestate": "vendor=1"}}),
    ],
)
def test_extract_returns_what_inject_wrote(member: str | None, expected: dict[str, Any]) -> None:
    propagator, message = ExtPropagator(member), Message(channel="/a", ext={"token": 1})
    propagator.inject(message, _span())
    assert message.ext == expected
    [link] = propagator.links(message)
    assert (link.context.trace_id, link.context.span_id) == (_TRACE, _SPAN)
    assert link.context.trace_state["vendor"] == "1"
    assert trace.get_current_span(propagator.extract(message)).get_span_context() == link.context


def test_an_invalid_span_is_not_injected() -> None:
    message = Message(channel="/a")
    ExtPropagator(None).inject(message, trace.INVALID_SPAN)
    assert message.ext is None


@pytest.mark.parametrize("member", [None, "trace"])
@pytest.mark.parametrize("value", [None, 1, [], {}, {"traceparent": 1}, {"traceparent": "00-x"}, {"traceparent": None}])
def test_malformed_context_is_ignored(member: str | None, value: Any) -> None:
    ext = value if member is None and isinstance(value, dict) else {"trace": value}
    propagator = ExtPropagator(member)
    assert not propagator.links(Message(channel="/a", ext=ext))
    assert not propagator.links(Message(channel="/a"))
    assert not propagator.extract(Message(channel="/a", ext=ext))
