from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import BayeuxClient, Message, hookimpl
from pybayeux.errors import PublishError, SubscribeError, TransportError
from pybayeux.message import Advice
from pybayeux.testing import Harness, HookRecorder, in_virtual_time
from pybayeux.testing.server import Order, ScriptedServer

if TYPE_CHECKING:
    from pybayeux.transports.registry import TransportRegistry


class NoOp:
    @hookimpl
    def state_changed(self) -> None: ...


class IncomingRecorder:
    """Notes what comes, in the order of arrival."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Any]] = []

    @hookimpl
    def incoming(self, message: Message) -> None:
        self.came.append((message.channel, message.data))


@in_virtual_time
async def test_publish_reaches_all_that_are_subscribed() -> None:
    async with Harness(NoOp) as harness:
        await harness.subscribe("/orders/**")
        assert harness.server.subscriptions == {"/orders/**"}
        reply = await harness.client.publish("/orders/new", {"number": 1})
        await harness.client.publish("/others", {"number": 2})
        await harness.settle()
        assert reply.successful
        await harness.client.unsubscribe("/orders/**")
        assert harness.server.subscriptions == set()
        await harness.client.publish("/orders/new", {"number": 3})
        await harness.settle()
    assert harness.delivered == [{"number": 1}]


@in_virtual_time
async def test_push_reaches_the_subscribed_and_services_always() -> None:
    wire = IncomingRecorder()
    async with Harness(wire) as harness:
        harness.server.push("/orders", "too early")
        harness.server.push("/service/time", "private")
        await harness.settle()
        await harness.subscribe("/orders")
        harness.server.push("/orders", "in time", None)
        await harness.settle()
    assert harness.delivered == ["in time", None]
    assert [each for each in wire.came if not each[0].startswith("/meta/")] == [
        ("/service/time", "private"),
        ("/orders", "in time"),
        ("/orders", None),
    ]


@pytest.mark.parametrize("order", ["events-first", "replies-first"])
@in_virtual_time
async def test_order_of_events_and_replies(order: Order) -> None:
    wire = IncomingRecorder()
    async with Harness(wire, order=order) as harness:
        await harness.subscribe("/orders")
        await harness.settle()
        wire.came.clear()
        harness.server.push("/orders", 1)
        await harness.settle()
        channels = [channel for channel, _ in wire.came]
    assert channels == (["/orders", "/meta/connect"] if order == "events-first" else ["/meta/connect", "/orders"])


@in_virtual_time
async def test_connect_is_held_until_there_is_an_event() -> None:
    async with Harness(NoOp) as harness:
        await harness.subscribe("/orders")
        polls = len(harness.server.messages("/meta/connect"))
        await harness.clock.advance(29)
        assert len(harness.server.messages("/meta/connect")) == polls
        await harness.clock.advance(2)
        assert len(harness.server.messages("/meta/connect")) == polls + 1


@in_virtual_time
async def test_refusal_is_answered_and_nothing_is_done() -> None:
    async with Harness(NoOp) as harness:
        harness.server.refuse_next("/meta/subscribe", "403::denied")
        with pytest.raises(SubscribeError, match="403::denied"):
            await harness.subscribe("/orders")
        assert harness.server.subscriptions == set()
        await harness.subscribe("/orders")
        harness.server.refuse_next("/orders", "403::denied", ext={"why": "so"})
        with pytest.raises(PublishError) as refused:
            await harness.client.publish("/orders", 1)
        await harness.settle()
    assert refused.value.reply is not None
    assert refused.value.reply.ext == {"why": "so"}
    assert harness.delivered == []


@in_virtual_time
async def test_scripted_answers_come_in_turn_and_what_is_asked_is_done() -> None:
    async with Harness(NoOp) as harness:
        harness.server.answer_next("/orders", ext={"number": 1})
        harness.server.answer_next("/orders", ext={"number": 2})
        await harness.subscribe("/orders")
        replies = [await harness.client.publish("/orders", number) for number in range(3)]
        await harness.settle()
    assert [reply.ext for reply in replies] == [{"number": 1}, {"number": 2}, None]
    assert harness.delivered == [0, 1, 2]


@in_virtual_time
async def test_connect_that_is_scripted_is_answered_at_once() -> None:
    recorder = HookRecorder()
    async with Harness(recorder) as harness:
        harness.server.answer_next("/meta/connect", ext={"ack": 7})
        await harness.settle()
    replies = [call["message"] for call in recorder.of("incoming") if call["message"].channel == "/meta/connect"]
    assert {"ack": 7} in [reply.ext for reply in replies]


@in_virtual_time
async def test_what_is_announced_comes_with_the_handshake() -> None:
    recorder = HookRecorder()
    async with Harness(recorder, ext={"ack": True}) as harness:
        harness.server.ext["replay"] = True
        harness.client.rehandshake("to hear of it")
        await harness.settle()
    replies = [call["message"] for call in recorder.of("incoming") if call["message"].channel == "/meta/handshake"]
    assert [reply.ext for reply in replies] == [{"ack": True}, {"ack": True, "replay": True}]


@in_virtual_time
async def test_lost_request_is_not_seen_and_breaks_the_held_connect() -> None:
    async with Harness(NoOp) as harness:
        await harness.subscribe("/orders")
        harness.server.fail()
        harness.server.push("/orders", "kept")
        await harness.clock.advance(5)
    assert [type(error) for error in harness.failures] == [TransportError]
    assert harness.delivered == ["kept"]


@in_virtual_time
async def test_lost_reply_takes_its_events_with_it() -> None:
    async with Harness(NoOp) as harness:
        await harness.subscribe("/orders")
        harness.server.fail(lost="reply")
        harness.server.push("/orders", "lost")
        await harness.clock.advance(5)
        harness.server.push("/orders", "seen")
        await harness.settle()
    assert harness.delivered == ["seen"]


@in_virtual_time
async def test_forgotten_session_is_begun_anew() -> None:
    async with Harness(NoOp) as harness:
        await harness.subscribe("/orders")
        harness.server.forget()
        await harness.clock.advance(5)
        assert harness.server.subscriptions == {"/orders"}
    assert len(harness.server.messages("/meta/handshake")) == 2


@in_virtual_time
async def test_hooks_of_requests_see_the_status() -> None:
    recorder = HookRecorder()
    async with Harness(recorder, headers={"X-Tenant": "acme"}) as harness:
        harness.server.fail(TransportError("unavailable", status=503))
        await harness.clock.advance(5)
    statuses = [call["response"].status for call in recorder.of("response")]
    assert statuses.count(503) == 1
    assert set(statuses) == {200, 503}
    assert recorder.of("request")[0]["request"].headers["x-tenant"] == "acme"


@in_virtual_time
async def test_other_clients_and_other_connection_types() -> None:
    server, names = ScriptedServer(connection_type="callback-polling", hold=0), ["callback-polling"]
    async with BayeuxClient("http://bayeux.test/", extensions=[server], discover=False, transports=names) as client:
        await client.handshake()
        await client.subscribe(["/orders"])
        server.push("/orders", 1)
        answer = await client.connect()
    assert [message.data for message in answer if message.channel == "/orders"] == [1]


@in_virtual_time
async def test_transports_of_the_extension_itself_are_not_used() -> None:
    def refuse(context: object) -> Any:
        raise AssertionError("a socket")

    class Sockets:
        @hookimpl(trylast=True)
        def register_transports(self, registry: TransportRegistry) -> None:
            registry.register("long-polling", refuse)

    async with Harness(Sockets) as harness:
        assert harness.client.connection_type == "long-polling"


@in_virtual_time
async def test_advice_can_be_scripted() -> None:
    async with Harness(NoOp) as harness:
        harness.server.answer_next("/meta/connect", advice=Advice(reconnect="retry", interval=10_000))
        await harness.clock.advance(1)
        polls = len(harness.server.messages("/meta/connect"))
        await harness.clock.advance(8)
        assert len(harness.server.messages("/meta/connect")) == polls
        await harness.clock.advance(2)
        assert len(harness.server.messages("/meta/connect")) == polls + 1
