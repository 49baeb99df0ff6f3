"""Metrics of events and of the connection, recorded by the hooks, and the options."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.recorded_telemetry import CLIENT, RecordedTelemetry, registered_telemetry
from pybayeux import ConnectionState, Message
from pybayeux.errors import ReceiverError, TransportError
from pybayeux_opentelemetry import OpenTelemetry

_S = ConnectionState


def _states(telemetry: RecordedTelemetry, *states: ConnectionState) -> None:
    for old, new in pairwise(states):
        telemetry.extension.state_changed(old, new, CLIENT)


# -- events


@in_virtual_time
async def test_an_event_span_lasts_from_arrival_until_handled() -> None:
    telemetry = registered_telemetry()
    event = telemetry.receive(data={"event": {"replayId": 7, "createdDate": "1970-01-01T00:16:30Z"}}, id="x")
    telemetry.clock.now += 2
    telemetry.handle(event)
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
async def test_a_batch_is_one_value_of_a_histogram_that_of_its_oldest_event() -> None:
    telemetry = registered_telemetry()
    created = ("1970-01-01T00:16:30Z", "1970-01-01T00:16:35Z")
    events = [
        telemetry.receive(data={"event": {"replayId": number, "createdDate": each}})
        for number, each in enumerate(created)
    ]
    await settle()
    telemetry.clock.now += 2
    for event in events:
        telemetry.handle(event)
    await settle()
    assert telemetry.values("events.duration") == {"/orders": (1, 2.5)}
    assert telemetry.values("events.lag") == {"/orders": (1, 13.0)}
    await asyncio.sleep(1)
    assert telemetry.values("events.handled") == {"/orders": 2}
    assert telemetry.values("events.position") == {"/orders": 1}


@in_virtual_time
async def test_counts_are_recorded_once_a_second() -> None:
    telemetry = registered_telemetry()
    handled = []
    for _ in range(4):
        telemetry.handle(telemetry.receive(data=1))
        await settle()
        handled.append(telemetry.values("events.handled")["/orders"])
        await asyncio.sleep(0.4)
    assert handled == [1, 1, 1, 3]


@in_virtual_time
async def test_an_event_is_counted_as_handled_once() -> None:
    telemetry = registered_telemetry()
    event = telemetry.receive(data=1)
    telemetry.handle(event)
    telemetry.handle(event)
    await settle()
    assert telemetry.values("events.handled") == {"/orders": 1}


@in_virtual_time
async def test_a_stall_is_counted_when_it_begins() -> None:
    telemetry = registered_telemetry()
    for is_over in (False, True):
        telemetry.extension.stalled(SimpleNamespace(subscription="/orders", is_over=is_over))
    assert telemetry.values("stalls") == {"/orders": 1}


@in_virtual_time
async def test_negative_durations_count_as_zero() -> None:
    telemetry = registered_telemetry()
    event = telemetry.receive(data={"event": {"createdDate": "1970-01-01T01:00:00Z"}})
    telemetry.clock.now -= 100
    telemetry.handle(event)
    await settle()
    assert telemetry.values("events.lag") == {"/orders": (1, 0.0)}
    assert telemetry.values("events.duration") == {"/orders": (1, 0.0)}


@in_virtual_time
async def test_a_discarded_event_no_longer_waits() -> None:
    telemetry = registered_telemetry()
    event: Message | None = telemetry.receive(data=1)
    await settle()
    assert telemetry.values("events.waiting") == {"/orders": 1}
    telemetry.extension.unsubscribed()
    event = None
    await asyncio.sleep(1)
    assert event is None
    assert telemetry.values("events.waiting") == {"/orders": 0}
    assert telemetry.values("events.handled") == {}
    assert telemetry.spans() == []


@in_virtual_time
async def test_an_event_received_before_registration_is_ignored() -> None:
    telemetry = registered_telemetry()
    telemetry.handle(Message(channel="/orders", data=1))
    await settle()
    assert telemetry.spans() == []
    assert telemetry.values("events.handled") == {}


@in_virtual_time
async def test_no_event_waits_after_the_client_closed() -> None:
    telemetry = registered_telemetry()
    event = telemetry.receive(data=1)
    telemetry.extension.unregistered(CLIENT)
    assert telemetry.values("events.received") == {"/orders": 1}
    assert telemetry.values("events.waiting") == {"/orders": 0}
    telemetry.extension.registered("opentelemetry", CLIENT)
    again = telemetry.receive(data=1)
    await settle()
    assert telemetry.values("events.waiting") == {"/orders": 1}
    assert event is not again


@in_virtual_time
@pytest.mark.parametrize(
    ("options", "expected"),
    [({"max_channels": 1}, {"/a": 1, "_OTHER": 2}), ({"channels_as_attributes": False}, {(): 3})],
)
async def test_channels_can_be_limited_or_left_out(options: dict[str, Any], expected: dict[Any, int]) -> None:
    telemetry = registered_telemetry(**options)
    for channel in ("/a", "/b", "/c"):
        telemetry.handle(telemetry.receive(channel, data={"event": {"replayId": 1}}))
    await settle()
    assert telemetry.values("events.handled") == expected
    assert telemetry.values("events.position").keys() == expected.keys() & {"/a"}


# -- the connection


@in_virtual_time
async def test_sessions_reconnects_and_connect_duration_are_recorded() -> None:
    telemetry = registered_telemetry()
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
    telemetry = registered_telemetry()
    telemetry.extension.failed(TransportError("reset"))
    telemetry.extension.failed(TransportError("reset"))
    telemetry.extension.failed(ReceiverError("/orders", ZeroDivisionError()))
    assert telemetry.values("failures") == {"TransportError": 2, "ReceiverError": 1}


# -- options


def test_max_channels_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="max_channels: expected at least 1; got 0"):
        OpenTelemetry(max_channels=0)


@in_virtual_time
async def test_without_a_provider_no_hook_of_events_is_there() -> None:
    extension = OpenTelemetry(propagate=True)
    assert not {"incoming", "delivered", "unsubscribed"} & set(dir(extension))
    extension.registered("opentelemetry", CLIENT)
    message = Message(channel="/orders", id="1", data=1)
    extension.outgoing(message, CLIENT)
    assert message.ext is None
    extension.unregistered(CLIENT)
    assert not trace.get_current_span().is_recording()


# -- the connection and other extensions


def test_the_state_of_the_connection() -> None:
    telemetry = registered_telemetry()
    assert telemetry.values("connection.state") == {"disconnected": 1}
    _states(telemetry, _S.DISCONNECTED, _S.HANDSHAKING, _S.HANDSHAKEN, _S.CONNECTED)
    assert telemetry.values("connection.state") == {
        "disconnected": 0,
        "handshaking": 0,
        "handshaken": 0,
        "connected": 1,
    }
    telemetry.extension.unregistered(CLIENT)
    assert telemetry.values("connection.state")["connected"] == 0


def test_the_wait_for_a_quota() -> None:
    telemetry = registered_telemetry()
    telemetry.extension.failed(TransportError("HTTP 429", retry_after=300))
    assert telemetry.values("retry.wait") == {"TransportError": 300}
    _states(telemetry, _S.HANDSHAKEN, _S.CONNECTED)
    assert telemetry.values("retry.wait") == {"TransportError": 0}


def test_limits_of_the_server() -> None:
    telemetry = registered_telemetry()
    for left in (90, 80):
        limits = [SimpleNamespace(name="DailyApiRequests", most=100, left=left)]
        telemetry.extension.limits_read(limits)
    server = "example.com"
    assert telemetry.values("limit.left") == {(server, "DailyApiRequests"): 80}
    assert telemetry.values("limit.max") == {(server, "DailyApiRequests"): 100}


def test_gaps_logins_and_stored_positions() -> None:
    telemetry = registered_telemetry()
    telemetry.extension.gap(SimpleNamespace(subscription="/orders", reason="expired"))
    telemetry.extension.authenticated()
    telemetry.extension.positions_stored({"/orders": SimpleNamespace(replay_id=7)})
    assert telemetry.values("gaps") == {("/orders", "expired"): 1}
    assert telemetry.values("logins") == {(): 1}
    assert telemetry.values("position.stored") == {"/orders": 7}
