"""Spans of publishes, calls and events, recorded by the hooks."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.recorded_telemetry import CLIENT, registered_telemetry
from pybayeux import Channel

# -- publishes


@in_virtual_time
async def test_a_publish_span_lasts_from_sending_to_the_reply() -> None:
    telemetry = registered_telemetry()
    telemetry.send()
    assert telemetry.spans() == []
    telemetry.receive(id="1", successful=True)
    span = telemetry.span()
    assert (span.name, span.kind, span.parent) == ("publish /orders", SpanKind.PRODUCER, None)
    assert (span.start_time, span.end_time) == (1_000_000_000_000, 1_000_500_000_000)
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes == {
        "messaging.system": "bayeux",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": "/orders",
        "messaging.message.id": "1",
        "messaging.message.body.size": 7,
        "server.address": "example.com",
    }
    assert telemetry.values("publishes") == {"/orders": 1}
    assert telemetry.values("events.received") == {}


@in_virtual_time
@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        ("403:/orders:denied", "403", "403:/orders:denied"),
        ("401:secret:Unknown client", "401", "401:***:Unknown client"),
        ("no", "_OTHER", "no"),
        (None, "_OTHER", "refused without a reason"),
    ],
)
async def test_a_refused_publish_sets_the_error_status(error: str | None, code: str, text: str) -> None:
    telemetry = registered_telemetry()
    telemetry.send()
    telemetry.receive(id="1", successful=False, error=error)
    span = telemetry.span()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, text)
    assert (span.attributes or {})["error.type"] == code
    assert telemetry.values("publishes") == {("/orders", code): 1}


@in_virtual_time
async def test_events_and_replies_to_other_requests_end_no_span() -> None:
    telemetry = registered_telemetry()
    telemetry.send()
    kept = [
        telemetry.receive(id="1", data=1),  # an event with the id of the publish
        telemetry.receive("/others", id="1", data=1),
    ]
    telemetry.receive(id="2", successful=True)
    telemetry.receive(Channel.META_CONNECT, id="1", successful=True)
    assert telemetry.spans() == []
    await settle()
    assert telemetry.values("events.received") == {"/orders": 1, "/others": 1}
    assert len(kept) == 2


@in_virtual_time
async def test_meta_messages_have_no_spans() -> None:
    telemetry = registered_telemetry(propagate=True)
    for channel in (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE):
        assert telemetry.send(channel).ext is None
        telemetry.receive(channel, id="1", successful=True)
    telemetry.extension.unregistered(CLIENT)
    assert telemetry.spans() == []


@in_virtual_time
async def test_unanswered_spans_end_when_the_client_closes() -> None:
    telemetry = registered_telemetry()
    telemetry.send()
    telemetry.send()  # with the same id: a new session
    telemetry.extension.unregistered(CLIENT)
    assert [span.status.description for span in telemetry.spans()] == ["no reply came", "no reply came"]


@in_virtual_time
async def test_pending_requests_are_bounded() -> None:
    telemetry = registered_telemetry()
    for number in range(1_001):
        telemetry.send(message_id=str(number))
    assert [(span.attributes or {})["messaging.message.id"] for span in telemetry.spans()] == ["0"]


# -- calls


@in_virtual_time
@pytest.mark.parametrize("acknowledgements", [[], [{"successful": True}]])
@pytest.mark.parametrize("fields", [{}, {"successful": True}])
async def test_a_call_span_ends_with_the_answer(acknowledgements: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    telemetry = registered_telemetry()
    telemetry.send("/service/sum")
    for acknowledgement in acknowledgements:
        telemetry.receive("/service/sum", id="1", **acknowledgement)
        assert telemetry.spans() == []
    telemetry.receive("/service/sum", id="1", data=3, **fields)
    span = telemetry.span()
    assert (span.name, span.kind) == ("call /service/sum", SpanKind.CLIENT)
    assert span.end_time == int(telemetry.clock.now * 1e9)
    await settle()
    assert telemetry.values("publishes") == {"/service/sum": 1}
    assert telemetry.values("events.received") == {}


@in_virtual_time
async def test_a_refused_call_sets_the_error_status() -> None:
    telemetry = registered_telemetry()
    telemetry.send("/service/sum")
    telemetry.receive("/service/sum", id="1", successful=False, error="404::unknown")
    assert telemetry.span().status.description == "404::unknown"


@in_virtual_time
async def test_a_service_message_without_answer_ends_with_its_acknowledgement() -> None:
    telemetry = registered_telemetry()
    telemetry.send("/service/log")
    telemetry.receive("/service/log", id="1", successful=True)
    telemetry.receive(Channel.META_CONNECT, after=59, successful=True)
    assert telemetry.spans() == []
    telemetry.receive(Channel.META_CONNECT, after=2, successful=True)
    span = telemetry.span()
    assert (span.end_time, span.status.status_code) == (1_000_500_000_000, StatusCode.UNSET)
    telemetry.send("/service/log", "2")
    telemetry.receive("/service/log", id="2", successful=True)
    telemetry.extension.unregistered(CLIENT)
    assert [each.status.status_code for each in telemetry.spans()] == [StatusCode.UNSET] * 2


# -- context


@in_virtual_time
@pytest.mark.parametrize("member", [None, "trace"])
async def test_an_event_is_linked_to_the_publish_that_sent_it(member: str | None) -> None:
    telemetry = registered_telemetry(propagate=True, member=member)
    sent = telemetry.send()
    assert sent.ext is not None
    assert set(sent.ext if member is None else sent.ext[member]) == {"traceparent"}
    event = telemetry.receive(data=1, ext=sent.ext)
    telemetry.handle(event)
    telemetry.receive(id="1", successful=True)
    process, publish = telemetry.spans()
    [link] = process.links
    assert publish.context is not None
    assert link.context.span_id == publish.context.span_id
    with telemetry.tracer.start_as_current_span("own", telemetry.extension.context_of(event)):
        pass
    parent = telemetry.spans()[-1].parent
    assert parent is not None
    assert parent.span_id == publish.context.span_id


@in_virtual_time
async def test_the_span_current_at_start_is_no_parent() -> None:
    """`outgoing` runs in the task of the session, whose context is that of `start`."""
    telemetry = registered_telemetry()
    with telemetry.tracer.start_as_current_span("start"):
        telemetry.send()
        telemetry.receive(id="1", successful=True)
        telemetry.handle(telemetry.receive(data=1))
    assert [span.parent for span in telemetry.spans()] == [None] * 3
