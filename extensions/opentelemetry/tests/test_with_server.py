"""The extension in a client: in virtual time, and with a server over the network."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import StatusCode

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.recorded_telemetry import RecordedTelemetry
from pybayeux import BayeuxClient, Client, Drop, Message, hookimpl
from pybayeux.errors import MessageDropped, PublishError, TransportError
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from pybayeux_devserver.blocking import BlockingServer


def _telemetry(**options: Any) -> RecordedTelemetry:
    return RecordedTelemetry(clock=asyncio.get_running_loop().time, **options)


class _Veto:
    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        return Drop("not today") if message.channel == "/veto" else None

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        return Drop("seen") if message.channel == "/seen" else None


@in_virtual_time
async def test_publishes_answered_refused_dropped_and_lost() -> None:
    server, telemetry = FakeServer(), _telemetry()
    server.refuse_next("/denied", "403:/denied:denied")
    async with make_client(server, telemetry.extension, _Veto()) as client:
        await client.publish("/orders", 1)
        for channel, error in (("/denied", PublishError), ("/veto", MessageDropped)):
            with pytest.raises(error):
                await client.publish(channel, 1)
        server.failures.append(TransportError("reset"))
        with pytest.raises(PublishError):
            await client.publish("/lost", 1)
    descriptions = {span.name: span.status.description for span in telemetry.spans()}
    assert descriptions["publish /orders"] is None
    assert descriptions["publish /denied"] == "403:/denied:denied"
    assert descriptions["publish /veto"] == "404::message_deleted: extension 'veto': not today"
    assert "reset" in str(descriptions["publish /lost"])
    assert telemetry.values("publishes")[("/denied", "403")] == 1
    assert telemetry.values("publishes")[("/veto", "404")] == 1


@in_virtual_time
async def test_waiting_events_are_counted_until_handled_or_discarded() -> None:
    server, telemetry = FakeServer(), _telemetry()
    async with make_client(server, telemetry.extension, _Veto()) as client:
        events = await client.subscribe("/orders")
        await client.subscribe("/seen")
        await asyncio.sleep(1)
        server.push("/orders", *range(5))
        server.push("/seen", 1)
        await settle()
        assert telemetry.values("events.waiting") == {"/orders": 5}
        assert telemetry.values("events.received") == {"/orders": 5}
        assert (await anext(events)).data == 0
        await asyncio.sleep(3)
        assert (await anext(events)).data == 1
        await settle()
        assert telemetry.values("events.waiting") == {"/orders": 4}
        assert telemetry.values("events.duration") == {"/orders": (1, pytest.approx(3, abs=0.01))}
        await events.unsubscribe()
        await asyncio.sleep(1)
        # The event that the receiver handles is still there; those behind it are discarded.
        assert telemetry.values("events.waiting") == {"/orders": 1}
    assert telemetry.values("events.waiting") == {"/orders": 0}
    assert telemetry.values("events.handled") == {"/orders": 1}


@in_virtual_time
async def test_the_event_of_a_failed_handler_no_longer_waits() -> None:
    server, telemetry = FakeServer(), _telemetry()

    def fail(event: Message) -> None:
        raise ValueError(event.data)

    async with make_client(server, telemetry.extension) as client:
        await client.subscribe("/orders", fail)
        await client.subscribe("/others", fail, on_error="skip")
        await asyncio.sleep(1)
        server.push("/orders", 1, 2)
        server.push("/others", 1, 2)
        await asyncio.sleep(1)
        gc.collect()  # an exception keeps what it was raised about
        await asyncio.sleep(100)
        assert telemetry.values("failures") == {"ReceiverError": 3}
        assert telemetry.values("events.waiting") == {"/orders": 0, "/others": 0}
        assert telemetry.values("events.handled") == {"/others": 2}


@in_virtual_time
async def test_a_lost_session_is_counted_as_a_reconnect() -> None:
    server, telemetry = FakeServer(), _telemetry()
    async with make_client(server, telemetry.extension):
        await asyncio.sleep(1)
        server.forget()
        await asyncio.sleep(100)
    assert telemetry.values("sessions") == {(): 2}
    assert telemetry.values("reconnects") == {(): 1}
    assert telemetry.values("connect.duration")["long-polling"][0] == 2


@in_virtual_time
async def test_a_restarted_client_is_recorded_again() -> None:
    server, telemetry = FakeServer(), _telemetry()
    client = make_client(server, telemetry.extension)
    for _ in range(2):
        async with client, client.subscribe("/orders") as events:
            await asyncio.sleep(1)
            server.push("/orders", 1)
            await anext(events)
            await settle()
            assert telemetry.values("events.waiting") == {"/orders": 1}
    assert telemetry.values("events.waiting") == {"/orders": 0}
    assert telemetry.values("events.handled") == {"/orders": 2}


@in_virtual_time
async def test_a_call_is_a_span() -> None:
    server, telemetry = FakeServer(), _telemetry()
    server.echo = lambda message: (
        [Message(channel=message.channel, id=message.id, data=3)] if message.channel == "/service/sum" else []
    )
    async with make_client(server, telemetry.extension) as client:
        assert (await client.call("sum", [1, 2])).data == 3
    span = telemetry.span()
    assert (span.name, span.status.status_code) == ("call /service/sum", StatusCode.UNSET)


def test_the_sync_client_sends_the_context_on_the_wire(bayeux_server: BlockingServer) -> None:
    telemetry = RecordedTelemetry(propagate=True)
    with Client(bayeux_server.url, discover=False, extensions=[telemetry.extension]) as client:
        client.publish("/orders", {"n": 1})
    [sent] = bayeux_server.recorder.messages("/orders")
    span = telemetry.span()
    assert span.context is not None
    assert sent["ext"]["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")


def test_the_installed_extension_works_without_providers(bayeux_server: BlockingServer) -> None:
    options = {"opentelemetry": {"max_channels": "3", "channels_as_attributes": "false"}}
    with Client(bayeux_server.url, options=options) as client:
        client.publish("/orders", 1)
    [sent] = bayeux_server.recorder.messages("/orders")
    assert "traceparent" not in sent.get("ext", {})


def test_the_low_level_client_records_spans() -> None:
    async def scenario() -> None:
        telemetry = RecordedTelemetry()
        async with DevServer() as server:
            client = BayeuxClient(server.url, discover=False, extensions=[telemetry.extension])
            await client.handshake()
            await client.connect()
            await client.publish("/orders", 1)
            await client.disconnect()
            await client.close()
        assert telemetry.span().name == "publish /orders"

    asyncio.run(asyncio.wait_for(scenario(), 30))
