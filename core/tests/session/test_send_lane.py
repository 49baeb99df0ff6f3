"""Subscriptions, publishes and remote calls, in virtual time."""

from __future__ import annotations

import pytest

from core.tests.session.world import World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import (
    ClientStateError,
    MalformedMessageError,
    PublishError,
    QueueOverflowError,
    SubscribeError,
    TransportError,
)
from pybayeux.session import Kind, Subscribed, SubscriptionRejected


def test_subscriptions_of_a_new_session_travel_as_one_request() -> None:
    world = World()
    for channel in ("/a", "/b/*", "/c/**"):
        world.session.subscribe(channel)
    world.connected()
    sent = [exchange.messages for _, exchange in world.sent if exchange.kind is Kind.SEND]
    assert [[message.subscription for message in batch] for batch in sent] == [["/a", "/b/*", "/c/**"]]


def test_every_subscription_comes_back_after_a_lost_session() -> None:
    world = World()
    world.session.subscribe("/a")
    world.session.subscribe("/b")
    world.connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
    world.settle_down()
    again = world.current(Kind.SEND).messages
    assert [(message.subscription, message.client_id) for message in again] == [("/a", "c2"), ("/b", "c2")]


def test_first_refusal_is_final() -> None:
    world = World().connected()
    world.session.subscribe("/secret")
    world.settle_down()
    world.accept(world.current(Kind.SEND), successful=False, error="403::subscribe_denied")
    (refused,) = [notice for notice in world.notices if isinstance(notice, SubscriptionRejected)]
    assert isinstance(refused.error, SubscribeError)
    assert (refused.error.channel, refused.error.code) == ("/secret", 403)
    assert world.session.channels == []


def test_refused_resubscription_is_reported_and_retried_never_forgotten() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=900_000))
    delays = []
    for _ in range(4):
        delays.append(world.until(Kind.SEND))
        world.accept(world.current(Kind.SEND), successful=False, error="500::not now")
    assert delays == [0, 1, 2, 3]
    assert sum(isinstance(error, SubscribeError) for error in world.errors) == 4
    world.until(Kind.SEND)
    world.accept(world.current(Kind.SEND))
    assert [notice.channel for notice in world.notices if isinstance(notice, Subscribed)] == ["/a", "/a"]


def test_refusal_is_asked_again_where_an_extension_wants_it() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    assert world.session.resubscribe("/a", world.now)
    world.accept(world.current(Kind.SEND), successful=False, error="400::The replayId {5} you provided was invalid")
    world.settle_down()
    assert world.current(Kind.SEND).messages[0].subscription == "/a"


def test_resubscribing_a_granted_channel_unsubscribes_first() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    world.session.resubscribe("/a", world.now)
    world.settle_down()
    assert [m.channel for m in world.current(Kind.SEND).messages] == ["/meta/unsubscribe", "/meta/subscribe"]


def test_subscribe_that_broke_is_sent_again() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    world.fail(world.current(Kind.SEND), TransportError("reset"))
    world.settle_down()
    assert world.current(Kind.SEND).messages[0].subscription == "/a"


def test_leaving_and_returning_keeps_the_order_on_the_wire() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    world.session.unsubscribe("/a")
    world.session.subscribe("/a")
    world.settle_down()
    assert [m.channel for m in world.current(Kind.SEND).messages] == ["/meta/unsubscribe", "/meta/subscribe"]
    world.accept(world.current(Kind.SEND))
    assert world.session.is_active_channel("/a")


def test_publishes_gathered_meanwhile_travel_together_in_order_with_the_client_id() -> None:
    world = World()
    world.session.start(world.now)
    for number in range(3):
        world.session.send(Message(channel="/a", data=number))
    world.settle_down()
    assert not world.has(Kind.SEND)
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    batch = world.current(Kind.SEND).messages
    assert [(message.data, message.client_id) for message in batch] == [(0, "c1"), (1, "c1"), (2, "c1")]


def test_publish_never_waits_behind_the_held_connect() -> None:
    world = World().connected()
    assert world.has(Kind.CONNECT)
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    assert world.has(Kind.SEND)
    assert len(world.under_way) == 2


def test_each_publish_ends_once_with_its_own_outcome() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.session.send(Message(channel="/b", data=2))
    world.settle_down()
    exchange = world.current(Kind.SEND)
    first, second = exchange.messages
    world.answer(exchange, world.reply(second, successful=False, error="403::publish_denied"), world.reply(first))
    refused, reply = world.outcomes
    assert isinstance(refused, PublishError)
    assert (refused.channel, refused.code) == ("/b", 403)
    assert reply.successful is True


def test_publish_that_broke_is_not_sent_twice() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    world.fail(world.current(Kind.SEND), TransportError("reset"))
    world.pass_time(5)
    assert not world.has(Kind.SEND)
    assert isinstance(world.outcomes[0], PublishError)


def test_publish_that_never_left_is_sent_when_it_can() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    for _ in range(3):
        world.fail(world.current(Kind.SEND), TransportError("refused", unsent=True))
        world.until(Kind.SEND)
    world.accept(world.current(Kind.SEND))
    assert [outcome.successful for outcome in world.outcomes] == [True]


def test_publish_does_not_wait_for_a_connect_that_the_server_does_not_answer() -> None:
    world = World().connected()
    world.fail(world.current(Kind.CONNECT), TransportError("reset"))
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    assert world.session.state is ConnectionState.UNCONNECTED
    assert world.has(Kind.SEND)


def test_publish_to_a_session_that_the_server_forgot_is_sent_again_in_the_next() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    world.accept(world.current(Kind.SEND), successful=False, error="402::session_unknown")
    world.settle_down()
    assert not world.has(Kind.CONNECT)
    world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
    world.settle_down()
    assert world.current(Kind.SEND).messages[0].client_id == "c2"
    world.accept(world.current(Kind.SEND))
    assert world.outcomes[0].successful is True


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


def test_forgotten_publish_is_never_sent() -> None:
    world = World()
    world.session.start(world.now)
    request = world.session.send(Message(channel="/a", data=1))
    world.session.forget(request)
    world.connected()
    assert "/a" not in world.channels_sent()


def test_queue_is_bounded() -> None:
    world = World(send_queue_size=2)
    world.session.start(world.now)
    world.session.send(Message(channel="/a", data=1))
    world.session.send(Message(channel="/a", data=2))
    with pytest.raises(QueueOverflowError):
        world.session.send(Message(channel="/a", data=3))


def test_nothing_can_be_sent_before_the_start_or_after_the_end() -> None:
    world = World()
    with pytest.raises(ClientStateError):
        world.session.send(Message(channel="/a", data=1))


def test_close_sends_what_waits_and_fails_what_stays() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.session.close(world.now)
    world.settle_down()
    assert world.has(Kind.SEND)
    assert not world.has(Kind.DISCONNECT)
    world.accept(world.current(Kind.SEND))
    world.settle_down()
    assert world.has(Kind.DISCONNECT)


def test_paused_session_holds_the_connect_back() -> None:
    world = World().connected()
    world.session.hold_connects(world.now)
    world.accept(world.current(Kind.CONNECT))
    world.pass_time(5)
    assert not world.has(Kind.CONNECT)
    world.session.release_connects(world.now)
    world.settle_down()
    assert world.has(Kind.CONNECT)


def test_message_without_a_channel_is_reported_and_the_rest_is_kept() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    event = Message(channel="/a", data=1)
    assert world.answer(exchange, Message(channel="", data=5), event, world.reply(exchange.messages[0])) == [event]
    assert isinstance(world.errors[0], MalformedMessageError)


def test_advice_on_an_event_counts() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    event = Message(channel="/a", data=1, advice=Advice(reconnect="retry", interval=1500))
    world.answer(exchange, event, world.reply(exchange.messages[0]))
    world.pass_time(1.4)
    assert not world.has(Kind.CONNECT)


def test_a_subscription_that_cannot_be_asked_for_is_refused_and_the_others_are_not() -> None:
    world = World().connected()
    world.session.subscribe("/large")
    world.settle_down()
    world.fail(world.current(Kind.SEND), TransportError("larger than a request may be", fatal=True))
    refused = [notice for notice in world.notices if isinstance(notice, SubscriptionRejected)]
    assert [(each.channel, str(each.error)) for each in refused] == [("/large", "larger than a request may be")]
    world.pass_time(60)
    assert not world.has(Kind.SEND)
    assert world.session.channels == []


def test_a_subscription_that_the_server_ends_unasked_is_asked_for_again() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    assert world.session.is_active_channel("/a")
    end = Message(channel="/meta/subscribe", subscription="/a", successful=False, error="403::gone")
    connect = world.current(Kind.CONNECT)
    world.answer(connect, end, world.reply(connect.messages[0]))
    assert [type(error) for error in world.errors] == [SubscribeError]
    world.until(Kind.SEND)
    world.accept(world.current(Kind.SEND))
    assert world.session.is_active_channel("/a")
    assert world.channels_sent().count("/meta/subscribe /a") == 2


def test_the_end_of_what_nobody_is_subscribed_to_is_nothing() -> None:
    world = World().connected()
    end = Message(channel="/meta/subscribe", subscription="/b", successful=False, error="403::gone")
    connect = world.current(Kind.CONNECT)
    world.answer(connect, end, world.reply(connect.messages[0]))
    world.settle_down()
    assert world.errors == []
    assert "/meta/subscribe /b" not in world.channels_sent()
