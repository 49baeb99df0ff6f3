"""The hooks, called with a fake client."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.recorded_telemetry import CLIENT, RecordedTelemetry
from pybayeux import Channel, ConnectionState, Message
from pybayeux.errors import ReceiverError, TransportError
from pybayeux_opentelemetry import OpenTelemetry

_S = ConnectionState


def _telemetry(**options: Any) -> RecordedTelemetry:
    telemetry = RecordedTelemetry(**options)
    telemetry.extension.registered(CLIENT)
    return telemetry


def _send(telemetry: RecordedTelemetry, channel: str = "/orders", message_id: str = "1") -> Message:
    message = Message(channel=channel, id=message_id, data={"n": 1}, client_id="secret")
    telemetry.extension.outgoing(message)
    return message


def _receive(telemetry: RecordedTelemetry, channel: str = "/orders", after: float = 0.5, **fields: Any) -> Message:
    telemetry.clock.now += after
    message = Message(channel=channel, **fields)
    telemetry.extension.incoming(message)
    return message


def _states(telemetry: RecordedTelemetry, *states: ConnectionState) -> None:
    for old, new in pairwise(states):
        telemetry.extension.state_changed(old, new, CLIENT)


# -- publishes


@in_virtual_time
async def test_a_publish_span_lasts_from_sending_to_the_reply() -> None:
    telemetry = _telemetry()
    _send(telemetry)
    assert telemetry.spans() == []
    _receive(telemetry, id="1", successful=True)
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
    telemetry = _telemetry()
    _send(telemetry)
    _receive(telemetry, id="1", successful=False, error=error)
    span = telemetry.span()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, text)
    assert (span.attributes or {})["error.type"] == code
    assert telemetry.values("publishes") == {("/orders", code): 1}


@in_virtual_time
async def test_events_and_replies_to_other_requests_end_no_span() -> None:
    telemetry = _telemetry()
    _send(telemetry)
    kept = [
        _receive(telemetry, id="1", data=1),  # an event with the id that its publisher gave it
        _receive(telemetry, "/others", id="1", data=1),
    ]
    _receive(telemetry, id="2", successful=True)
    _receive(telemetry, Channel.META_CONNECT, id="1", successful=True)
    assert telemetry.spans() == []
    await settle()
    assert telemetry.values("events.received") == {"/orders": 1, "/others": 1}
    assert len(kept) == 2


@in_virtual_time
async def test_meta_messages_have_no_spans() -> None:
    telemetry = _telemetry(propagate=True)
    for channel in (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE):
        assert _send(telemetry, channel).ext is None
        _receive(telemetry, channel, id="1", successful=True)
    telemetry.extension.unregistered()
    assert telemetry.spans() == []


@in_virtual_time
async def test_unanswered_spans_end_when_the_client_closes() -> None:
    telemetry = _telemetry()
    _send(telemetry)
    _send(telemetry)  # with the same id: a new session
    telemetry.extension.unregistered()
    assert [span.status.description for span in telemetry.spans()] == ["no reply came", "no reply came"]


@in_virtual_time
async def test_pending_requests_are_bounded() -> None:
    telemetry = _telemetry()
    for number in range(1_001):
        _send(telemetry, message_id=str(number))
    assert [(span.attributes or {})["messaging.message.id"] for span in telemetry.spans()] == ["0"]


# -- calls


@in_virtual_time
@pytest.mark.parametrize("acknowledgements", [[], [{"successful": True}]])
@pytest.mark.parametrize("fields", [{}, {"successful": True}])
async def test_a_call_span_ends_with_the_answer(acknowledgements: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    telemetry = _telemetry()
    _send(telemetry, "/service/sum")
    for acknowledgement in acknowledgements:
        _receive(telemetry, "/service/sum", id="1", **acknowledgement)
        assert telemetry.spans() == []
    _receive(telemetry, "/service/sum", id="1", data=3, **fields)
    span = telemetry.span()
    assert (span.name, span.kind) == ("call /service/sum", SpanKind.CLIENT)
    assert span.end_time == int(telemetry.clock.now * 1e9)
    await settle()
    assert telemetry.values("publishes") == {"/service/sum": 1}
    assert telemetry.values("events.received") == {}


@in_virtual_time
async def test_a_refused_call_sets_the_error_status() -> None:
    telemetry = _telemetry()
    _send(telemetry, "/service/sum")
    _receive(telemetry, "/service/sum", id="1", successful=False, error="404::unknown")
    assert telemetry.span().status.description == "404::unknown"


@in_virtual_time
async def test_a_service_message_without_answer_ends_with_its_acknowledgement() -> None:
    telemetry = _telemetry()
    _send(telemetry, "/service/log")
    _receive(telemetry, "/service/log", id="1", successful=True)
    _receive(telemetry, Channel.META_CONNECT, after=59, successful=True)
    assert telemetry.spans() == []
    _receive(telemetry, Channel.META_CONNECT, after=2, successful=True)
    span = telemetry.span()
    assert (span.end_time, span.status.status_code) == (1_000_500_000_000, StatusCode.UNSET)
    _send(telemetry, "/service/log", "2")
    _receive(telemetry, "/service/log", id="2", successful=True)
    telemetry.extension.unregistered()
    assert [each.status.status_code for each in telemetry.spans()] == [StatusCode.UNSET] * 2


# -- events


@in_virtual_time
async def test_an_event_span_lasts_from_arrival_until_handled() -> None:
    telemetry = _telemetry()
    event = _receive(telemetry, data={"event": {"replayId": 7, "createdDate": "1970-01-01T00:16:30Z"}}, id="x")
    telemetry.clock.now += 2
    telemetry.extension.delivered(event)
    span = telemetry.span()
    assert (span.name, span.kind, span.parent) == ("process /orders", SpanKind.CONSUMER, None)
    assert (span.start_time, span.end_time) == (1_000_500_000_000, 1_002_500_000_000)
    assert (span.attributes or {})["messaging.message.id"] == "x"
    assert not span.links
    await settle()
    assert telemetry.values("events.received") == {"/orders": 1}
    assert telemetry.values("events.handled") == {"/orders": 1}
    assert telemetry.values("events.waiting") == {"/orders": 0}
    assert telemetry.values("events.position") == {"/orders": 7}
    assert telemetry.values("events.duration") == {"/orders": (1, 2.0)}
    assert telemetry.values("events.lag") == {"/orders": (1, 12.5)}


@in_virtual_time
async def test_negative_durations_count_as_zero() -> None:
    telemetry = _telemetry()
    event = _receive(telemetry, data={"event": {"createdDate": "1970-01-01T01:00:00Z"}})
    telemetry.clock.now -= 100
    telemetry.extension.delivered(event)
    assert telemetry.values("events.lag") == {"/orders": (1, 0.0)}
    assert telemetry.values("events.duration") == {"/orders": (1, 0.0)}


@in_virtual_time
async def test_a_discarded_event_no_longer_waits() -> None:
    telemetry = _telemetry()
    event: Message | None = _receive(telemetry, data=1)
    await settle()
    assert telemetry.values("events.waiting") == {"/orders": 1}
    telemetry.extension.unsubscribed()
    event = None
    await settle()
    assert event is None
    assert telemetry.values("events.waiting") == {"/orders": 0}
    assert telemetry.values("events.handled") == {}
    assert telemetry.spans() == []


@in_virtual_time
async def test_an_event_received_before_registration_is_ignored() -> None:
    telemetry = _telemetry()
    telemetry.extension.delivered(Message(channel="/orders", data=1))
    await settle()
    assert telemetry.spans() == []
    assert telemetry.values("events.handled") == {}


@in_virtual_time
async def test_no_event_waits_after_the_client_closed() -> None:
    telemetry = _telemetry()
    event = _receive(telemetry, data=1)
    telemetry.extension.unregistered()
    assert telemetry.values("events.received") == {"/orders": 1}
    assert telemetry.values("events.waiting") == {"/orders": 0}
    telemetry.extension.registered(CLIENT)
    again = _receive(telemetry, data=1)
    await settle()
    assert telemetry.values("events.waiting") == {"/orders": 1}
    assert event is not again


@in_virtual_time
@pytest.mark.parametrize(
    ("options", "expected"),
    [({"max_channels": 1}, {"/a": 1, "_OTHER": 2}), ({"channels_as_attributes": False}, {(): 3})],
)
async def test_channels_can_be_limited_or_left_out(options: dict[str, Any], expected: dict[Any, int]) -> None:
    telemetry = _telemetry(**options)
    for channel in ("/a", "/b", "/c"):
        telemetry.extension.delivered(_receive(telemetry, channel, data={"event": {"replayId": 1}}))
    await settle()
    assert telemetry.values("events.handled") == expected
    assert telemetry.values("events.position").keys() == expected.keys() & {"/a"}


# -- context


@in_virtual_time
@pytest.mark.parametrize("member", [None, "trace"])
async def test_an_event_is_linked_to_the_publish_that_sent_it(member: str | None) -> None:
    telemetry = _telemetry(propagate=True, member=member)
    sent = _send(telemetry)
    assert sent.ext is not None
    assert set(sent.ext if member is None else sent.ext[member]) == {"traceparent"}
    event = _receive(telemetry, data=1, ext=sent.ext)
    telemetry.extension.delivered(event)
    _receive(telemetry, id="1", successful=True)
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
    telemetry = _telemetry()
    with telemetry.tracer.start_as_current_span("start"):
        _send(telemetry)
        _receive(telemetry, id="1", successful=True)
        telemetry.extension.delivered(_receive(telemetry, data=1))
    assert [span.parent for span in telemetry.spans()] == [None] * 3


# -- the connection


@in_virtual_time
async def test_sessions_reconnects_and_connect_duration_are_recorded() -> None:
    telemetry = _telemetry()
    _states(telemetry, _S.DISCONNECTED, _S.HANDSHAKING)
    telemetry.clock.now += 2
    _states(telemetry, _S.HANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING, _S.UNCONNECTED, _S.CONNECTED)
    assert telemetry.values("sessions") == {(): 1}
    assert telemetry.values("reconnects") == {}
    assert telemetry.values("connect.duration") == {"long-polling": (1, 2.0)}
    _states(telemetry, _S.CONNECTED, _S.UNCONNECTED, _S.CONNECTED)
    assert telemetry.values("reconnects") == {(): 1}
    _states(telemetry, _S.CONNECTED, _S.UNCONNECTED, _S.REHANDSHAKING)
    telemetry.clock.now += 3
    _states(telemetry, _S.REHANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED)
    assert telemetry.values("reconnects") == {(): 2}
    assert telemetry.values("sessions") == {(): 2}
    assert telemetry.values("connect.duration") == {"long-polling": (2, 5.0)}


@in_virtual_time
async def test_failures_are_counted_by_error_class() -> None:
    telemetry = _telemetry()
    telemetry.extension.failed(TransportError("reset"))
    telemetry.extension.failed(TransportError("reset"))
    telemetry.extension.failed(ReceiverError("/orders", ZeroDivisionError()))
    assert telemetry.values("failures") == {"TransportError": 2, "ReceiverError": 1}


# -- options


def test_max_channels_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="max_channels: expected at least 1; got 0"):
        OpenTelemetry(max_channels=0)


@in_virtual_time
async def test_without_a_provider_nothing_is_recorded() -> None:
    extension = OpenTelemetry(propagate=True)
    extension.registered(CLIENT)
    message = Message(channel="/orders", id="1", data=1)
    extension.outgoing(message)
    assert message.ext is None
    event = Message(channel="/orders", data=1)
    extension.incoming(event)
    extension.delivered(event)
    extension.unregistered()
    assert not trace.get_current_span().is_recording()
