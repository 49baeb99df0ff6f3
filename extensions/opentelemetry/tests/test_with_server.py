"""The whole way: with a client in virtual time, and with a server over the network."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import StatusCode

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from extensions.opentelemetry.tests.watch import Watch
from pybayeux import BayeuxClient, Client, Drop, Message, hookimpl
from pybayeux.errors import MessageDropped, PublishError, TransportError
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from pybayeux_devserver.blocking import BlockingServer


def _watch(**options: Any) -> Watch:
    return Watch(clock=asyncio.get_running_loop().time, **options)


class _Veto:
    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        return Drop("not today") if message.channel == "/veto" else None

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        return Drop("seen") if message.channel == "/seen" else None


@in_virtual_time
async def test_publishes_that_were_answered_refused_dropped_and_lost() -> None:
    server, watch = FakeServer(), _watch()
    server.refuse_next("/denied", "403:/denied:denied")
    async with make_client(server, watch.extension, _Veto()) as client:
        await client.publish("/orders", 1)
        for channel, error in (("/denied", PublishError), ("/veto", MessageDropped)):
            with pytest.raises(error):
                await client.publish(channel, 1)
        server.failures.append(TransportError("reset"))
        with pytest.raises(PublishError):
            await client.publish("/lost", 1)
    told = {span.name: span.status.description for span in watch.spans()}
    assert told["publish /orders"] is None
    assert told["publish /denied"] == "403:/denied:denied"
    assert told["publish /veto"] == "404::message_deleted: extension 'veto': not today"
    assert "reset" in str(told["publish /lost"])
    assert watch.values("publishes")[("/denied", "403")] == 1
    assert watch.values("publishes")[("/veto", "404")] == 1


@in_virtual_time
async def test_events_their_queue_and_what_becomes_of_those_that_nobody_handles() -> None:
    server, watch = FakeServer(), _watch()
    async with make_client(server, watch.extension, _Veto()) as client:
        events = await client.subscribe("/orders")
        await client.subscribe("/seen")
        await asyncio.sleep(1)
        server.push("/orders", *range(5))
        server.push("/seen", 1)
        await settle()
        assert watch.values("events.waiting") == {"/orders": 5}
        assert watch.values("events.received") == {"/orders": 5}
        assert (await anext(events)).data == 0
        await asyncio.sleep(3)
        assert (await anext(events)).data == 1
        await settle()
        assert watch.values("events.waiting") == {"/orders": 4}
        assert watch.values("events.duration") == {"/orders": (1, pytest.approx(3, abs=0.01))}
        await events.unsubscribe()
        await settle()
        # The one in the receiver's hands is still there; those behind it are gone.
        assert watch.values("events.waiting") == {"/orders": 1}
    assert watch.values("events.waiting") == {"/orders": 0}
    assert watch.values("events.handled") == {"/orders": 1}


@in_virtual_time
async def test_a_handler_that_fails_is_counted_and_its_event_does_not_wait() -> None:
    server, watch = FakeServer(), _watch()

    def fail(event: Message) -> None:
        raise ValueError(event.data)

    async with make_client(server, watch.extension) as client:
        await client.subscribe("/orders", fail)
        await client.subscribe("/others", fail, on_error="skip")
        await asyncio.sleep(1)
        server.push("/orders", 1, 2)
        server.push("/others", 1, 2)
        await asyncio.sleep(1)
        gc.collect()  # an exception keeps what it was raised about
        await asyncio.sleep(100)
        assert watch.values("failures") == {"ReceiverError": 3}
        assert watch.values("events.waiting") == {"/orders": 0, "/others": 0}
        assert watch.values("events.handled") == {"/others": 2}


@in_virtual_time
async def test_sessions_and_reconnects() -> None:
    server, watch = FakeServer(), _watch()
    async with make_client(server, watch.extension):
        await asyncio.sleep(1)
        server.forget()
        await asyncio.sleep(100)
    assert watch.values("sessions") == {(): 2}
    assert watch.values("reconnects") == {(): 1}
    assert watch.values("connect.duration")["long-polling"][0] == 2


@in_virtual_time
async def test_a_client_that_starts_again_is_told_again() -> None:
    server, watch = FakeServer(), _watch()
    client = make_client(server, watch.extension)
    for _ in range(2):
        async with client, client.subscribe("/orders") as events:
            await asyncio.sleep(1)
            server.push("/orders", 1)
            await anext(events)
            await settle()
            assert watch.values("events.waiting") == {"/orders": 1}
    assert watch.values("events.waiting") == {"/orders": 0}
    assert watch.values("events.handled") == {"/orders": 2}


@in_virtual_time
async def test_a_call() -> None:
    server, watch = FakeServer(), _watch()
    server.echo = lambda message: (
        [Message(channel=message.channel, id=message.id, data=3)] if message.channel == "/service/sum" else []
    )
    async with make_client(server, watch.extension) as client:
        assert (await client.call("sum", [1, 2])).data == 3
    span = watch.span()
    assert (span.name, span.status.status_code) == ("call /service/sum", StatusCode.UNSET)


def test_without_asyncio_and_with_the_context_on_the_wire(bayeux_server: BlockingServer) -> None:
    watch = Watch(propagate=True)
    with Client(bayeux_server.url, discover=False, extensions=[watch.extension]) as client:
        client.publish("/orders", {"n": 1})
    [sent] = bayeux_server.recorder.messages("/orders")
    span = watch.span()
    assert span.context is not None
    assert sent["ext"]["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")


def test_an_installed_extension_disturbs_nobody(bayeux_server: BlockingServer) -> None:
    options = {"opentelemetry": {"max_channels": "3", "channels_as_attributes": "false"}}
    with Client(bayeux_server.url, options=options) as client:
        client.publish("/orders", 1)
    [sent] = bayeux_server.recorder.messages("/orders")
    assert "traceparent" not in sent.get("ext", {})


def test_under_the_low_level_client() -> None:
    async def scenario() -> None:
        watch = Watch()
        async with DevServer() as server:
            client = BayeuxClient(server.url, discover=False, extensions=[watch.extension])
            await client.handshake()
            await client.connect()
            await client.publish("/orders", 1)
            await client.disconnect()
            await client.close()
        assert watch.span().name == "publish /orders"

    asyncio.run(asyncio.wait_for(scenario(), 30))
