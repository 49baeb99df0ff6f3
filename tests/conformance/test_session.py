"""Behaviours of connects and advice where seconds are the point: of a pure session, or of a client in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.session.world import RETRY, World
from core.tests.virtual_time import in_virtual_time
from pybayeux import Advice, ConnectionState, Message, hookimpl
from pybayeux.errors import ExchangeTimeoutError, SessionEndedError, TransportError, UnknownAdviceError
from pybayeux.session import Kind
from tests.conformance.servers import behaviour

PURE = "pure session"
VIRTUAL = "client in virtual time"
UNKNOWN: dict[str, Any] = {"successful": False, "error": "402::session_unknown"}


def broken(world: World) -> None:
    """The connect under way breaks."""
    world.fail(world.current(Kind.CONNECT), TransportError("refused"))


# -- connects


@behaviour("C02", where=PURE)
def test_first_connects_ask_for_an_answer_at_once() -> None:
    world = World().connected()
    first, held = [exchange for _, exchange in world.sent if exchange.kind is Kind.CONNECT]
    assert (first.messages[0].advice, held.messages[0].advice) == (Advice(timeout=0), None)
    broken(world)
    world.until(Kind.CONNECT)
    again = world.current(Kind.CONNECT)
    assert again.messages[0].advice == Advice(timeout=0)
    world.accept(again, advice=RETRY)
    world.settle_down()
    assert world.current(Kind.CONNECT).messages[0].advice is None


@behaviour("C03", where=PURE)
def test_interval_advised_last_is_kept() -> None:
    world = World().connected()
    pauses = []
    for advice in (Advice(reconnect="retry", interval=5000), None, Advice(reconnect="retry", interval=1500), RETRY):
        world.pass_time(1)  # as held: connects that are answered at once are paced
        world.accept(world.current(Kind.CONNECT), advice=advice)
        pauses.append(world.until(Kind.CONNECT))
    assert pauses == [5, 5, 1.5, 0]


@behaviour("C03", where=PURE)
def test_interval_is_the_session_s_own() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=5000))
    world.session.rehandshake("test")
    assert world.until(Kind.HANDSHAKE) == 0
    world.accept(world.current(Kind.HANDSHAKE), advice=None)
    assert world.until(Kind.CONNECT) == 0


@behaviour("C04", where=PURE)
def test_waits_grow_with_each_failure_and_begin_anew_after_a_success() -> None:
    world = World().connected()
    waits = []
    for _ in range(2):
        for _ in range(96):
            broken(world)
            waits.append(world.until(Kind.CONNECT))
            assert world.state() is ConnectionState.UNCONNECTED
        world.accept(world.current(Kind.CONNECT))
        world.settle_down()
        assert world.state() is ConnectionState.CONNECTED
        world.pass_time(1)  # a connection that lasts ends the outage
    assert waits == [0, *[1] * 92, 2, 4, 8] * 2


@behaviour("C16", where=VIRTUAL)
@pytest.mark.parametrize(("hold", "delay"), [(30, 10), (2, 0.5)])
@in_virtual_time
async def test_connect_is_waited_for_as_long_as_advised_and_the_network_s_delay(hold: float, delay: float) -> None:
    server, witness = FakeServer(hold=hold), Witness()
    async with make_client(server, witness, max_network_delay=delay):
        server.hold = 10_000  # it does not keep to what it has advised
        await asyncio.sleep(hold + delay + 1)
        _, held, again = server.times("/meta/connect")[:3]
        assert again - held == pytest.approx(hold + delay, abs=0.05)  # polls are spaced by what they cost
        server.hold = hold
    assert isinstance(witness.errors[0], ExchangeTimeoutError)


class Patience:
    """Gives the server 7 seconds more, and again, and then no more."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    @hookimpl
    def extend_timeout(self, message: Message) -> float | None:
        assert message.channel == "/meta/connect"
        self.asked.append(asyncio.get_running_loop().time())
        return 7.0 if len(self.asked) <= 2 else None


@behaviour("C17", where=VIRTUAL)
@in_virtual_time
async def test_wait_can_be_extended_more_than_once() -> None:
    server, witness, patience = FakeServer(hold=30), Witness(), Patience()
    async with make_client(server, witness, patience):
        server.hold = 10_000
        await asyncio.sleep(100)
        _, held, again = server.times("/meta/connect")[:3]
        assert again - held == 30 + 10 + 7 + 7
        server.hold = 30
    assert [late - patience.asked[0] for late in patience.asked[:3]] == [0, 7, 14]
    assert isinstance(witness.errors[0], ExchangeTimeoutError)


# -- replies that no request waits for


@behaviour("C08", where=PURE)
@pytest.mark.parametrize("stray", [{"id": "77"}, {"id": "2"}, {"id": "77", "advice": Advice(reconnect="none")}])
def test_connect_reply_of_another_id_makes_no_second_loop(stray: dict[str, Any]) -> None:
    world = World().connected()
    held, asked = world.current(Kind.CONNECT), len(world.sent)
    batch = world.session.admit([Message(channel="/meta/connect", successful=True, **stray)])
    assert batch.messages == []
    world.session.receive(batch, {}, world.now)
    world.settle_down()
    assert (world.under_way, len(world.sent)) == ([held], asked)


@behaviour("C09", where=PURE)
@pytest.mark.parametrize("retried", [False, True], ids=["before the retry", "after the retry"])
def test_late_reply_is_nobody_s(retried: bool) -> None:
    world = World().connected()
    broken(world)
    world.until(Kind.CONNECT)
    late = world.current(Kind.CONNECT)
    broken(world)  # the second time in a row: now there is a wait before the retry
    world.pass_time(0.5)
    assert not world.has(Kind.CONNECT)
    if retried:
        world.until(Kind.CONNECT)
    asked = len(world.sent)
    event = Message(channel="/a", data=1)
    batch = world.session.admit([event, world.reply(late.messages[0], advice=Advice(reconnect="handshake"))])
    assert world.session.receive(batch, {}, world.now) == [event]
    world.settle_down()
    assert len(world.sent) == asked
    assert world.state() is ConnectionState.UNCONNECTED
    world.until(Kind.CONNECT)
    world.accept(world.current(Kind.CONNECT))
    assert world.state() is ConnectionState.CONNECTED
    assert len([exchange for exchange in world.under_way if exchange.kind is Kind.CONNECT]) <= 1


# -- sessions that are lost


@behaviour("C11", where=PURE)
@pytest.mark.parametrize("lives", [True, False], ids=["before", "after"])
def test_handshake_follows_when_the_session_cannot_live_any_more(lives: bool) -> None:
    world = World().connected()
    # Held for 2 seconds, then 1 of pause, then 4: after 7 seconds the server has forgotten the session.
    world.accept(world.current(Kind.CONNECT), advice=Advice(timeout=2000, interval=1000, max_interval=4000))
    world.until(Kind.CONNECT)
    broken(world)
    world.until(Kind.CONNECT)
    world.pass_time(5.9 if lives else 6.1)
    broken(world)  # the next try is a second later
    world.pass_time(1)
    assert world.has(Kind.CONNECT) is lives
    assert world.has(Kind.HANDSHAKE) is not lives


@behaviour("C11", where=PURE)
def test_without_a_max_interval_the_same_session_is_tried_for_ever() -> None:
    world = World().connected()
    for _ in range(130):
        broken(world)
        world.until(Kind.CONNECT)
    assert world.now > 1000
    assert not world.has(Kind.HANDSHAKE)


@behaviour("C13", where=PURE)
@pytest.mark.parametrize("first", [Kind.CONNECT, Kind.SEND])
@pytest.mark.parametrize("renewed", [False, True], ids=["at once", "when there is another one"])
def test_unknown_session_told_twice_costs_one_new_session(first: Kind, renewed: bool) -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    second = Kind.CONNECT if first is Kind.SEND else Kind.SEND
    replies = {
        kind: [world.reply(each, **UNKNOWN) for each in world.current(kind).messages] for kind in (first, second)
    }
    late = world.current(second)
    world.answer(world.current(first), *replies[first])
    world.settle_down()
    if renewed:
        world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
        world.settle_down()
    world.accept(late, **UNKNOWN)
    world.pass_time(1)
    if not renewed:
        world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
        world.settle_down()
    assert world.session.view.client_id == "c2"
    assert len(world.times_of(Kind.HANDSHAKE)) == 2, "the session's own, and one for the session that was lost"
    assert [each.client_id for each in world.current(Kind.SEND).messages] == ["c2"]


# -- odd advice


@behaviour("C14", where=PURE)
@pytest.mark.parametrize("advice", [Advice(reconnect="retry", interval=-1), Advice(reconnect="perhaps", interval=0)])
def test_negative_interval_and_unknown_word_on_a_failure_are_the_end(advice: Advice) -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="500::no", advice=advice)
    world.pass_time(1000)
    assert not world.under_way
    assert isinstance(world.ends[0], SessionEndedError)


@behaviour("C14", where=PURE)
def test_negative_interval_on_a_success_is_the_end_too() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=-1))
    world.pass_time(1000)
    assert not world.under_way
    assert isinstance(world.ends[0], SessionEndedError)


@behaviour("C14", where=PURE)
def test_unknown_word_on_a_success_is_told() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="perhaps"))
    world.settle_down()
    assert [type(error) for error in world.errors] == [UnknownAdviceError]
    assert world.has(Kind.CONNECT)


@behaviour("C14", where=PURE)
@pytest.mark.parametrize(("section", "pause"), [("long-polling", 4), ("websocket", 1)])
def test_section_of_the_transport_in_use_goes_first(section: str, pause: float) -> None:
    world = World().connected()
    advice = Advice(reconnect="retry", interval=1000)
    advice.extra[section] = {"interval": 4000}
    world.accept(world.current(Kind.CONNECT), advice=advice)
    assert world.until(Kind.CONNECT) == pause


@behaviour("C14", where=PURE)
def test_section_of_the_transport_in_use_may_say_none() -> None:
    world = World().connected()
    advice = Advice(reconnect="retry", interval=0)
    advice.extra["long-polling"] = {"reconnect": "none"}
    world.accept(world.current(Kind.CONNECT), successful=False, error="500::no", advice=advice)
    world.pass_time(1000)
    assert isinstance(world.ends[0], SessionEndedError)


@behaviour("C15", where=PURE)
def test_hosts_are_tried_in_order_and_the_own_one_last() -> None:
    world = World(host="a.example").connected()
    advice = Advice(reconnect="handshake", interval=0, hosts=["b.example:8080", "c.example"])
    world.accept(world.current(Kind.CONNECT), **UNKNOWN, advice=advice)
    for _ in range(4):
        world.until(Kind.HANDSHAKE)
        world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
    asked = [exchange.host for _, exchange in world.sent if exchange.kind is Kind.HANDSHAKE]
    assert asked == [None, "b.example:8080", "c.example", None, "b.example:8080"]


@behaviour("C15", where=PURE)
def test_host_that_answers_keeps_the_session() -> None:
    world = World(host="a.example").connected()
    advice = Advice(reconnect="handshake", interval=0, hosts=["b.example", "c.example"])
    world.accept(world.current(Kind.CONNECT), **UNKNOWN, advice=advice)
    world.until(Kind.HANDSHAKE)
    world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
    world.until(Kind.HANDSHAKE)
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    assert world.current(Kind.CONNECT).host == "c.example"
