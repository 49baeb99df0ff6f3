"""Which messages answer which requests: of a message alone, and in a session."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.session.world import World
from pybayeux import ConnectionState, Message
from pybayeux.errors import (
    HandshakeError,
    MalformedMessageError,
    MessageDropped,
    PublishError,
)
from pybayeux.session import Kind, RequestCompleted
from pybayeux.session.replies import ReplyMatcher, answers_request, complete_reply, find_request, is_reply


def test_a_reply_without_an_id_is_matched_by_its_channel() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    world.answer(exchange, Message(channel="/meta/connect", successful=True))
    assert world.errors == []


def test_a_connect_reply_of_another_id_makes_no_second_loop() -> None:
    world = World().connected()
    stray = Message(channel="/meta/connect", id="77", successful=True)
    assert world.session.admit([stray]).messages == []
    assert world.session.receive(world.session.admit([stray]), {}, world.now) == []
    world.settle_down()
    assert len(world.under_way) == 1


def test_reply_missing_from_an_answer_is_a_failure() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    world.answer(world.current(Kind.SEND))
    assert isinstance(world.outcomes[0], PublishError)


def test_event_with_the_id_of_a_publish_is_an_event() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    exchange = world.current(Kind.SEND)
    echo = Message(channel="/a", data={"hello": 1}, id=exchange.messages[0].id)
    assert world.answer(exchange, echo, world.reply(exchange.messages[0])) == [echo]
    assert world.outcomes[0].successful is True


def test_call_is_answered_by_the_event_with_its_id() -> None:
    world = World().connected()
    world.session.send(Message(channel="/service/echo", data=1), awaits_data=True)
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.accept(exchange)
    assert world.outcomes == []
    answer = Message(channel="/service/echo", data=0, id=exchange.messages[0].id)
    assert world.session.receive(world.session.admit([answer]), {}, world.now) == []
    world.step()
    assert world.outcomes == [answer]


def test_message_without_a_channel_is_reported_and_the_rest_is_kept() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    event = Message(channel="/a", data=1)
    assert world.answer(exchange, Message(channel="", data=5), event, world.reply(exchange.messages[0])) == [event]
    assert isinstance(world.errors[0], MalformedMessageError)


def message(channel: str, *, data: bool = False, **fields: Any) -> Message:
    made = Message(channel=channel, **fields)
    if data:
        made.data = 1
    return made


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (message("/meta/connect"), True),
        (message("/meta/anything", data=True), True),
        (message("/a", successful=True), True),
        (message("/a", successful=False, data=True), True),
        (message("/a", data=True), False),
        (message("/a", id="1"), False),
    ],
)
def test_a_reply_has_its_form(made: Message, expected: bool) -> None:
    assert is_reply(made) is expected


@pytest.mark.parametrize(
    ("made", "of_a_request", "of_a_call"),
    [
        (message("/a", data=True), False, True),
        (message("/a"), True, False),
        (message("/a", successful=True), True, False),
        (message("/a", successful=True, data=True), True, True),
        (message("/a", successful=False), True, True),
        (message("/meta/connect", data=True), True, False),
    ],
)
def test_a_message_with_our_id_answers_or_has_it_by_chance(made: Message, of_a_request: bool, of_a_call: bool) -> None:
    assert answers_request(made) is of_a_request
    assert answers_request(made, awaits_data=True) is of_a_call


def test_a_reply_without_an_id_answers_the_only_request_that_fits() -> None:
    requests = [
        message("/meta/subscribe", id="1", subscription="/a"),
        message("/meta/subscribe", id="2", subscription="/b"),
        message("/meta/connect", id="3"),
        message("/p", id="4"),
        message("/p", id="5"),
    ]
    assert find_request(message("/meta/subscribe", subscription="/b", successful=False), requests) is requests[1]
    assert find_request(message("/meta/connect", successful=True), requests) is requests[2]
    assert find_request(message("/meta/connect"), requests) is None, "it does not say what it answers with"
    assert find_request(message("/meta/subscribe", successful=True), requests) is None
    assert find_request(message("/meta/subscribe", successful=True), requests[:1]) is requests[0]
    assert find_request(message("/p", successful=True), requests) is None, "it may be either"


def under_way() -> tuple[World, Message]:
    """A session with a publish under way."""
    world = World().connected()
    world.session.send(Message(channel="/p", data=1))
    world.settle_down()
    return world, world.current(Kind.SEND).messages[0]


def test_meta_messages_that_answer_nothing_are_left_out_before_extensions_see_them() -> None:
    world, publish = under_way()
    held = world.current(Kind.CONNECT).messages[0]
    event, reply = message("/a", data=True), world.reply(publish)
    strays = [
        message("/meta/connect", id="77", successful=True),
        message("/meta/connect", id=publish.id, successful=True),
        message("/meta/subscribe", successful=True),
        message("/meta/reconsider", successful=True),
    ]
    batch = world.session.admit([event, *strays, reply, world.reply(held)])
    assert [each.id for each in batch.messages] == [None, publish.id, held.id]
    assert batch.special == batch.messages, "a channel that is new may be anything"
    assert world.session.admit([event]).special == []


def test_a_reply_to_a_publish_that_nothing_waits_for_is_no_event() -> None:
    world, _ = under_way()
    stray = message("/p", id="77", successful=True)
    batch = world.session.admit([stray])
    assert batch.messages == [stray], "listeners may want it"
    assert world.session.receive(batch, {}, world.now) == []
    assert world.outcomes == []


def test_a_reply_counts_once() -> None:
    world, publish = under_way()
    exchange = world.current(Kind.SEND)
    world.answer(exchange, world.reply(publish), world.reply(publish, successful=False, error="500::no"))
    assert [outcome.successful for outcome in world.outcomes] == [True]


def test_an_event_with_the_id_of_a_subscribe_is_an_event() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    event = message("/p", id=exchange.messages[0].id)
    assert world.answer(exchange, event, world.reply(exchange.messages[0])) == [event]
    assert world.session.view.is_active_channel("/a")


def test_the_result_of_a_call_may_come_before_the_reply_to_its_publish() -> None:
    world = World().connected()
    world.session.send(Message(channel="/service/echo", data=1), awaits_data=True)
    world.settle_down()
    exchange = world.current(Kind.SEND)
    call = exchange.messages[0]
    result = message("/service/echo", id=call.id, data=True)
    assert world.answer(exchange, result, world.reply(call)) == []
    assert world.outcomes == [result]


def test_a_call_that_is_refused_after_its_publish_was_accepted_has_the_error() -> None:
    world = World().connected()
    world.session.send(Message(channel="/service/echo", data=1), awaits_data=True)
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.accept(exchange)
    refusal = message("/service/echo", id=exchange.messages[0].id, successful=False, error="500::oops")
    world.session.receive(world.session.admit([refusal]), {}, world.now)
    world.step()
    assert [type(outcome) for outcome in world.outcomes] == [PublishError]


# -- vetoes

VETO = MessageDropped("seen", "filter")


def test_a_vetoed_event_is_not_returned() -> None:
    world = World().connected()
    first, second = message("/a", data=True), message("/a", data=True)
    for _ in range(2):  # the channel is known the second time
        batch = world.session.admit([first, second])
        assert world.session.receive(batch, {id(first): VETO}, world.now) == [second]
    assert batch.special == []


@pytest.mark.parametrize("fields", [{}, {"successful": False, "error": "403::denied"}])
def test_a_vetoed_reply_completes_its_request_with_the_error(fields: dict[str, Any]) -> None:
    world, publish = under_way()
    reply = world.reply(publish, **fields)
    assert world.session.receive(world.session.admit([reply]), {id(reply): VETO}, world.now) == []
    world.step()
    assert world.outcomes == [VETO]


def test_a_vetoed_result_of_a_call_completes_it_with_the_error() -> None:
    world = World().connected()
    world.session.send(Message(channel="/service/echo", data=1), awaits_data=True)
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.accept(exchange)
    result = message("/service/echo", id=exchange.messages[0].id, data=True)
    world.session.receive(world.session.admit([result]), {id(result): VETO}, world.now)
    world.step()
    assert world.outcomes == [VETO]


def test_a_vetoed_connect_reply_counts_for_the_session() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    reply = world.reply(exchange.messages[0])
    world.session.receive(world.session.admit([reply]), {id(reply): VETO}, world.now)
    world.session.finished(exchange, world.now)
    world.settle_down()
    assert len(world.times_of(Kind.CONNECT)) == 3
    assert world.state() is ConnectionState.CONNECTED


@pytest.mark.parametrize("message_id", [None, "their own"])
def test_events_alone_change_nothing(message_id: str | None) -> None:
    world = World().connected()
    world.answer(world.current(Kind.CONNECT), message("/a", data=True))
    world.pass_time(1)
    wake_at = world.session.step(world.now).wake_at
    events = [message("/a", data=True, id=message_id) for _ in range(3)]
    batch = world.session.admit(events)
    assert batch.special == []
    assert world.session.receive(batch, {}, world.now) is batch.messages
    assert world.session.take_notices() == []
    step = world.session.step(world.now)
    assert (step.start, step.expired, step.abandon, step.wake_at) == ((), (), (), wake_at)


def test_a_publish_is_answered_by_channel_and_success_where_the_server_echoes_no_ids() -> None:
    world, _ = under_way()
    world.answer(world.current(Kind.SEND), Message(channel="/p", successful=True))
    assert [outcome.successful for outcome in world.outcomes] == [True]
    assert world.errors == []


def test_two_publishes_on_one_channel_are_not_told_apart_without_ids() -> None:
    world = World().connected()
    for _ in range(2):
        world.session.send(Message(channel="/p", data=1))
    world.settle_down()
    world.answer(world.current(Kind.SEND), *[Message(channel="/p", successful=True)] * 2)
    assert [type(outcome) for outcome in world.outcomes] == [PublishError] * 2


def refusal() -> Message:
    return Message(channel="", successful=False, error="401::Request requires authentication")


def test_a_refusal_without_a_channel_refuses_the_only_request() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    handshake = world.current(Kind.HANDSHAKE)
    answer = refusal()
    assert world.session.admit([answer]).messages == [answer]
    assert (answer.channel, answer.id) == ("/meta/handshake", handshake.messages[0].id), "extensions know it by that"
    world.answer(handshake, answer)
    assert isinstance(world.errors[0], HandshakeError)
    assert len(world.errors) == 1


def test_a_refusal_without_a_channel_belongs_to_the_answer_that_ends_with_it() -> None:
    world, publish = under_way()
    world.answer(world.current(Kind.SEND), refusal())
    (outcome,) = world.outcomes
    assert isinstance(outcome, PublishError)
    assert outcome.reply is not None
    assert outcome.reply.id == publish.id
    assert world.has(Kind.CONNECT), "the held connect goes on"


def test_a_refusal_without_a_channel_among_others_refuses_nothing() -> None:
    world, publish = under_way()
    world.answer(world.current(Kind.SEND), refusal(), world.reply(publish))
    assert [outcome.successful for outcome in world.outcomes] == [True]
    assert isinstance(world.errors[0], MalformedMessageError)


def test_a_message_without_a_channel_that_refuses_nothing_answers_nothing() -> None:
    world, publish = under_way()
    world.answer(world.current(Kind.SEND), Message(channel="", id=publish.id, successful=True))
    assert [type(outcome) for outcome in world.outcomes] == [PublishError]
    assert isinstance(world.errors[0], MalformedMessageError)


def test_the_result_of_a_call_whose_caller_waits_no_more_completes_nothing() -> None:
    world = World().connected()
    call = world.session.send(Message(channel="/service/echo", data=1), awaits_data=True)
    other = world.session.send(Message(channel="/service/echo", data=2), awaits_data=True)
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.accept(exchange)
    world.session.forget(call)
    results = [message("/service/echo", id=each.id, data=each.data) for each in exchange.messages]
    assert world.session.receive(world.session.admit(results), {}, world.now) == results[:1], "an event like others"
    world.step()
    completed = [notice.request for notice in world.notices if isinstance(notice, RequestCompleted)]
    assert completed == [other]


def test_a_reply_without_an_id_keeps_the_subscription_that_it_names() -> None:
    request = message("/meta/subscribe", id="1", subscription="/a/b")
    reply = message("/meta/subscribe", subscription=["/a/b"], successful=True)
    complete_reply(reply, request)
    assert (reply.id, reply.subscription) == ("1", ["/a/b"])


def test_the_channels_that_are_known_to_have_events_are_bounded() -> None:
    matcher = ReplyMatcher()
    names = [f"/{number}" for number in range(10_001)]
    matcher.admit([message(name, data=True) for name in names])
    assert matcher.admit([message("/0", data=True)]).special == [], "it is known, and costs nothing more"
    newcomer = matcher.admit([message("/new", data=True)])
    assert [each.channel for each in newcomer.special] == ["/new"]
    assert len(matcher.admit([message(name, data=True) for name in names]).special) == 10_001, (
        "forgotten, and looked at"
    )
