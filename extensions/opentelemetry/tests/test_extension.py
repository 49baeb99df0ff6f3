"""The hooks, with a stand-in for the client."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.watch import CLIENT, Watch
from pybayeux import Channel, ConnectionState, Message
from pybayeux.errors import ReceiverError, TransportError
from pybayeux_opentelemetry import OpenTelemetry

_S = ConnectionState


def _watch(**options: Any) -> Watch:
    watch = Watch(**options)
    watch.extension.registered(CLIENT)
    return watch


def _send(watch: Watch, channel: str = "/orders", message_id: str = "1") -> Message:
    message = Message(channel=channel, id=message_id, data={"n": 1}, client_id="secret")
    watch.extension.outgoing(message)
    return message


def _receive(watch: Watch, channel: str = "/orders", after: float = 0.5, **fields: Any) -> Message:
    watch.clock.now += after
    message = Message(channel=channel, **fields)
    watch.extension.incoming(message)
    return message


def _states(watch: Watch, *states: ConnectionState) -> None:
    for old, new in pairwise(states):
        watch.extension.state_changed(old, new, CLIENT)


# -- publishes


@in_virtual_time
async def test_a_publish_is_a_span_from_its_leaving_to_its_reply() -> None:
    watch = _watch()
    _send(watch)
    assert watch.spans() == []
    _receive(watch, id="1", successful=True)
    span = watch.span()
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
    assert watch.values("publishes") == {"/orders": 1}
    assert watch.values("events.received") == {}


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
async def test_a_refusal_is_an_error(error: str | None, code: str, text: str) -> None:
    watch = _watch()
    _send(watch)
    _receive(watch, id="1", successful=False, error=error)
    span = watch.span()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, text)
    assert (span.attributes or {})["error.type"] == code
    assert watch.values("publishes") == {("/orders", code): 1}


@in_virtual_time
async def test_what_only_looks_like_a_reply_ends_nothing() -> None:
    watch = _watch()
    _send(watch)
    kept = [
        _receive(watch, id="1", data=1),  # an event with the id that its publisher gave it
        _receive(watch, "/others", id="1", data=1),
    ]
    _receive(watch, id="2", successful=True)
    _receive(watch, Channel.META_CONNECT, id="1", successful=True)
    assert watch.spans() == []
    await settle()
    assert watch.values("events.received") == {"/orders": 1, "/others": 1}
    assert len(kept) == 2


@in_virtual_time
async def test_requests_of_the_client_are_no_spans() -> None:
    watch = _watch(propagate=True)
    for channel in (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE):
        assert _send(watch, channel).ext is None
        _receive(watch, channel, id="1", successful=True)
    watch.extension.unregistered()
    assert watch.spans() == []


@in_virtual_time
async def test_what_was_never_answered_ends_with_the_client() -> None:
    watch = _watch()
    _send(watch)
    _send(watch)  # with the same id: a new session
    watch.extension.unregistered()
    assert [span.status.description for span in watch.spans()] == ["no reply came", "no reply came"]


@in_virtual_time
async def test_memory_of_what_was_sent_is_bounded() -> None:
    watch = _watch()
    for number in range(1_001):
        _send(watch, message_id=str(number))
    assert [(span.attributes or {})["messaging.message.id"] for span in watch.spans()] == ["0"]


# -- calls


@in_virtual_time
@pytest.mark.parametrize("receipts", [[], [{"successful": True}]])
@pytest.mark.parametrize("said", [{}, {"successful": True}])
async def test_a_call_ends_with_its_answer(receipts: list[dict[str, Any]], said: dict[str, Any]) -> None:
    watch = _watch()
    _send(watch, "/service/sum")
    for receipt in receipts:
        _receive(watch, "/service/sum", id="1", **receipt)
        assert watch.spans() == []
    _receive(watch, "/service/sum", id="1", data=3, **said)
    span = watch.span()
    assert (span.name, span.kind) == ("call /service/sum", SpanKind.CLIENT)
    assert span.end_time == int(watch.clock.now * 1e9)
    await settle()
    assert watch.values("publishes") == {"/service/sum": 1}
    assert watch.values("events.received") == {}


@in_virtual_time
async def test_a_call_that_is_refused_is_an_error() -> None:
    watch = _watch()
    _send(watch, "/service/sum")
    _receive(watch, "/service/sum", id="1", successful=False, error="404::unknown")
    assert watch.span().status.description == "404::unknown"


@in_virtual_time
async def test_what_a_service_has_and_does_not_answer_ends_with_the_receipt() -> None:
    watch = _watch()
    _send(watch, "/service/log")
    _receive(watch, "/service/log", id="1", successful=True)
    _receive(watch, Channel.META_CONNECT, after=59, successful=True)
    assert watch.spans() == []
    _receive(watch, Channel.META_CONNECT, after=2, successful=True)
    span = watch.span()
    assert (span.end_time, span.status.status_code) == (1_000_500_000_000, StatusCode.UNSET)
    _send(watch, "/service/log", "2")
    _receive(watch, "/service/log", id="2", successful=True)
    watch.extension.unregistered()
    assert [each.status.status_code for each in watch.spans()] == [StatusCode.UNSET] * 2


# -- events


@in_virtual_time
async def test_an_event_is_a_span_from_its_arrival_to_its_handling() -> None:
    watch = _watch()
    event = _receive(watch, data={"event": {"replayId": 7, "createdDate": "1970-01-01T00:16:30Z"}}, id="x")
    watch.clock.now += 2
    watch.extension.delivered(event)
    span = watch.span()
    assert (span.name, span.kind, span.parent) == ("process /orders", SpanKind.CONSUMER, None)
    assert (span.start_time, span.end_time) == (1_000_500_000_000, 1_002_500_000_000)
    assert (span.attributes or {})["messaging.message.id"] == "x"
    assert not span.links
    await settle()
    assert watch.values("events.received") == {"/orders": 1}
    assert watch.values("events.handled") == {"/orders": 1}
    assert watch.values("events.waiting") == {"/orders": 0}
    assert watch.values("events.position") == {"/orders": 7}
    assert watch.values("events.duration") == {"/orders": (1, 2.0)}
    assert watch.values("events.lag") == {"/orders": (1, 12.5)}


@in_virtual_time
async def test_clocks_that_disagree_make_no_lag() -> None:
    watch = _watch()
    event = _receive(watch, data={"event": {"createdDate": "1970-01-01T01:00:00Z"}})
    watch.clock.now -= 100
    watch.extension.delivered(event)
    assert watch.values("events.lag") == {"/orders": (1, 0.0)}
    assert watch.values("events.duration") == {"/orders": (1, 0.0)}


@in_virtual_time
async def test_an_event_that_nobody_handles_does_not_wait_for_ever() -> None:
    watch = _watch()
    event: Message | None = _receive(watch, data=1)
    await settle()
    assert watch.values("events.waiting") == {"/orders": 1}
    watch.extension.unsubscribed()
    event = None
    await settle()
    assert event is None
    assert watch.values("events.waiting") == {"/orders": 0}
    assert watch.values("events.handled") == {}
    assert watch.spans() == []


@in_virtual_time
async def test_an_event_from_before_the_extension_is_left_alone() -> None:
    watch = _watch()
    watch.extension.delivered(Message(channel="/orders", data=1))
    await settle()
    assert watch.spans() == []
    assert watch.values("events.handled") == {}


@in_virtual_time
async def test_when_the_client_closes_nothing_waits() -> None:
    watch = _watch()
    event = _receive(watch, data=1)
    watch.extension.unregistered()
    assert watch.values("events.received") == {"/orders": 1}
    assert watch.values("events.waiting") == {"/orders": 0}
    watch.extension.registered(CLIENT)
    again = _receive(watch, data=1)
    await settle()
    assert watch.values("events.waiting") == {"/orders": 1}
    assert event is not again


@in_virtual_time
@pytest.mark.parametrize(
    ("options", "expected"),
    [({"max_channels": 1}, {"/a": 1, "_OTHER": 2}), ({"channels_as_attributes": False}, {(): 3})],
)
async def test_channels_may_be_limited_or_left_out(options: dict[str, Any], expected: dict[Any, int]) -> None:
    watch = _watch(**options)
    for channel in ("/a", "/b", "/c"):
        watch.extension.delivered(_receive(watch, channel, data={"event": {"replayId": 1}}))
    await settle()
    assert watch.values("events.handled") == expected
    assert watch.values("events.position").keys() == expected.keys() & {"/a"}


# -- context


@in_virtual_time
@pytest.mark.parametrize("member", [None, "trace"])
async def test_the_context_of_a_publish_travels_with_it(member: str | None) -> None:
    watch = _watch(propagate=True, member=member)
    sent = _send(watch)
    assert sent.ext is not None
    assert set(sent.ext if member is None else sent.ext[member]) == {"traceparent"}
    event = _receive(watch, data=1, ext=sent.ext)
    watch.extension.delivered(event)
    _receive(watch, id="1", successful=True)
    process, publish = watch.spans()
    [link] = process.links
    assert publish.context is not None
    assert link.context.span_id == publish.context.span_id
    with watch.tracer.start_as_current_span("own", watch.extension.context_of(event)):
        pass
    parent = watch.spans()[-1].parent
    assert parent is not None
    assert parent.span_id == publish.context.span_id


@in_virtual_time
async def test_the_span_of_who_started_the_client_is_no_parent() -> None:
    """Hooks of what is sent run in the task of the session, whose context is that of `start`."""
    watch = _watch()
    with watch.tracer.start_as_current_span("start"):
        _send(watch)
        _receive(watch, id="1", successful=True)
        watch.extension.delivered(_receive(watch, data=1))
    assert [span.parent for span in watch.spans()] == [None] * 3


# -- the connection


@in_virtual_time
async def test_sessions_reconnects_and_how_long_a_connection_takes() -> None:
    watch = _watch()
    _states(watch, _S.DISCONNECTED, _S.HANDSHAKING)
    watch.clock.now += 2
    _states(watch, _S.HANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING, _S.UNCONNECTED, _S.CONNECTED)
    assert watch.values("sessions") == {(): 1}
    assert watch.values("reconnects") == {}
    assert watch.values("connect.duration") == {"long-polling": (1, 2.0)}
    _states(watch, _S.CONNECTED, _S.UNCONNECTED, _S.CONNECTED)
    assert watch.values("reconnects") == {(): 1}
    _states(watch, _S.CONNECTED, _S.UNCONNECTED, _S.REHANDSHAKING)
    watch.clock.now += 3
    _states(watch, _S.REHANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED)
    assert watch.values("reconnects") == {(): 2}
    assert watch.values("sessions") == {(): 2}
    assert watch.values("connect.duration") == {"long-polling": (2, 5.0)}


@in_virtual_time
async def test_failures_are_counted_by_kind() -> None:
    watch = _watch()
    watch.extension.failed(TransportError("reset"))
    watch.extension.failed(TransportError("reset"))
    watch.extension.failed(ReceiverError("/orders", ZeroDivisionError()))
    assert watch.values("failures") == {"TransportError": 2, "ReceiverError": 1}


# -- options


def test_a_limit_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="max_channels is at least 1"):
        OpenTelemetry(max_channels=0)


@in_virtual_time
async def test_without_a_provider_nothing_happens() -> None:
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
