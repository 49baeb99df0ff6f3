from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace

from pybayeux import Message
from pybayeux_opentelemetry.carriage import Carriage

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
def test_there_and_back(member: str | None, expected: dict[str, Any]) -> None:
    carriage, message = Carriage(member), Message(channel="/a", ext={"token": 1})
    carriage.load(message, _span())
    assert message.ext == expected
    [link] = carriage.links(message)
    assert (link.context.trace_id, link.context.span_id) == (_TRACE, _SPAN)
    assert link.context.trace_state["vendor"] == "1"
    assert trace.get_current_span(carriage.context(message)).get_span_context() == link.context


def test_a_span_that_is_none_is_not_told() -> None:
    message = Message(channel="/a")
    Carriage(None).load(message, trace.INVALID_SPAN)
    assert message.ext is None


@pytest.mark.parametrize("member", [None, "trace"])
@pytest.mark.parametrize("said", [None, 1, [], {}, {"traceparent": 1}, {"traceparent": "00-x"}, {"traceparent": None}])
def test_what_makes_no_sense_is_left_alone(member: str | None, said: Any) -> None:
    ext = said if member is None and isinstance(said, dict) else {"trace": said}
    carriage = Carriage(member)
    assert not carriage.links(Message(channel="/a", ext=ext))
    assert not carriage.links(Message(channel="/a"))
    assert not carriage.context(Message(channel="/a", ext=ext))
