"""Subscriptions, publishes and remote calls, in virtual time."""

from __future__ import annotations

import pytest

from core.tests.session.world import World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import (
    ClientStateError,
    MessageDropped,
    PublishError,
    QueueOverflowError,
    Remedy,
    SessionEndedError,
    TransportError,
    UnsubscribeError,
)
from pybayeux.session import Kind, Subscribed, SubscriptionRejected


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


def test_publish_that_found_no_connection_goes_before_the_next_connect() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    for _ in range(3):
        world.fail(world.current(Kind.SEND), TransportError("the pool is full", unsent=True))
        connect = world.current(Kind.CONNECT)
        world.answer(connect, Message(channel="/x", data=1), world.reply(connect.messages[0]))
        world.settle_down()
        assert [exchange.kind for exchange in world.under_way] == [Kind.SEND, Kind.CONNECT]
    assert world.outcomes == []


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
    assert world.session.view.state is ConnectionState.UNCONNECTED
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


def test_publishes_that_go_into_the_next_session_keep_their_order() -> None:
    world = World().connected()
    for number in (1, 2, 3):
        world.session.send(Message(channel="/a", data=number))
    world.settle_down()
    sent = world.current(Kind.SEND)
    world.session.send(Message(channel="/a", data=4))
    refused = [world.reply(message, successful=False, error="402::session_unknown") for message in sent.messages]
    world.answer(sent, *refused)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
    world.settle_down()
    assert [message.data for message in world.current(Kind.SEND).messages] == [1, 2, 3, 4]


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


def test_advice_on_an_event_counts() -> None:
    world = World().connected()
    exchange = world.current(Kind.CONNECT)
    event = Message(channel="/a", data=1, advice=Advice(reconnect="retry", interval=1500))
    world.answer(exchange, event, world.reply(exchange.messages[0]))
    world.pass_time(1.4)
    assert not world.has(Kind.CONNECT)


def test_a_publish_that_each_session_forgets_is_not_sent_for_ever() -> None:
    world = World().connected()
    world.session.send(Message(channel="/p", data=1))
    for _ in range(5):
        world.until(Kind.SEND)
        world.accept(world.current(Kind.SEND), successful=False, error="402::session_unknown")
        assert world.outcomes == [] or world.channels_sent().count("/p") == 5
        world.until(Kind.HANDSHAKE)
        world.accept(world.current(Kind.HANDSHAKE))
    assert [type(outcome) for outcome in world.outcomes] == [PublishError]
    world.pass_time(100)
    assert world.channels_sent().count("/p") == 5


@pytest.mark.parametrize("channel", ["/p", "/meta/subscribe"])
def test_what_an_extension_keeps_from_leaving_has_the_error(channel: str) -> None:
    world = World().connected()
    if channel == "/p":
        world.session.send(Message(channel="/p", data=1))
    else:
        world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    error = MessageDropped("not now", "filter")
    message_id = exchange.messages[0].id
    assert message_id is not None
    world.session.rejected(exchange, message_id, error, world.now)
    world.session.rejected(exchange, message_id, error, world.now)
    world.answer(exchange)
    rejected = [notice.error for notice in world.notices if isinstance(notice, SubscriptionRejected)]
    assert [*world.outcomes, *rejected] == [error]


def test_the_reply_to_a_subscribe_that_the_user_has_left_meanwhile_changes_nothing() -> None:
    for refused in (False, True):
        world = World().connected()
        world.session.subscribe("/a")
        world.settle_down()
        exchange = world.current(Kind.SEND)
        world.session.unsubscribe("/a")
        world.accept(exchange, **({"successful": False, "error": "403::denied"} if refused else {}))
        told = [notice for notice in world.notices if isinstance(notice, Subscribed | SubscriptionRejected)]
        assert (told, world.errors) == ([], [])


def test_a_subscribe_that_broke_is_not_sent_again_after_the_user_left() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.session.unsubscribe("/a")
    world.fail(exchange, TransportError("reset"))
    world.pass_time(10)
    assert world.channels_sent().count("/meta/subscribe /a") == 1


def test_a_subscribe_that_an_extension_keeps_back_after_the_user_left_is_forgotten() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    world.session.unsubscribe("/a")
    message_id = exchange.messages[0].id
    assert message_id is not None
    world.session.rejected(exchange, message_id, MessageDropped("not now", "filter"), world.now)
    assert not [notice for notice in world.notices if isinstance(notice, SubscriptionRejected)]


def test_a_subscribe_that_an_extension_keeps_from_a_session_is_sent_in_the_next_one() -> None:
    """Else it would wait for ever: the extension has nothing more to say, or has said it before."""
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    message_id = exchange.messages[0].id
    assert message_id is not None
    world.session.rehandshake("a fresh token")
    world.until(Kind.HANDSHAKE)
    dropped = MessageDropped("its position is not read yet", "replay", Remedy.WAIT)
    world.session.rejected(exchange, message_id, dropped, world.now)
    world.accept(world.current(Kind.HANDSHAKE))
    world.pass_time(10)
    assert world.channels_sent().count("/meta/subscribe /a") == 2


def test_an_unsubscribe_refused_for_a_lost_session_has_succeeded() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    world.session.unsubscribe("/a")
    world.settle_down()
    world.accept(world.current(Kind.SEND), successful=False, error="402::session_unknown")
    world.step()
    [outcome] = world.outcomes
    assert (outcome.channel, outcome.subscription, outcome.successful) == ("/meta/unsubscribe", "/a", True)


def test_an_unsubscribe_that_is_refused_has_its_own_error() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    world.session.unsubscribe("/a")
    world.settle_down()
    world.accept(world.current(Kind.SEND), successful=False, error="403::denied")
    world.step()
    [error] = world.outcomes
    assert isinstance(error, UnsubscribeError)
    assert error.channel == "/a"


def test_a_connection_that_breaks_after_its_replies_came_is_no_failure() -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    exchange = world.current(Kind.SEND)
    batch = world.session.admit([world.reply(each) for each in exchange.messages])
    world.session.receive(batch, {}, world.now)
    world.fail(exchange, TransportError("reset"))
    assert (world.errors, [reply.successful for reply in world.outcomes]) == ([], [True])
    world.session.send(Message(channel="/b", data=2))
    world.settle_down()
    assert [each.channel for each in world.current(Kind.SEND).messages] == ["/b"], "at once: nothing has failed"


@pytest.mark.parametrize("ends_well", [True, False])
def test_an_exchange_that_was_given_up_may_end_as_it_likes(ends_well: bool) -> None:
    world = World().connected()
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    old = world.current(Kind.SEND)
    world.session.abort(SessionEndedError("enough"))
    world.session.start(world.now)
    world.session.send(Message(channel="/b", data=2))
    world.connected()
    publish = Message(channel="/c", data=3)
    world.session.send(publish)
    world.settle_down()
    new = world.current(Kind.SEND)
    if ends_well:
        world.session.finished(old, world.now)
    else:
        world.fail(old, TransportError("reset"))
    world.settle_down()
    assert world.current(Kind.SEND) is new
    assert [type(outcome) for outcome in world.outcomes[:1]] == [SessionEndedError]
    assert world.session.view.state is ConnectionState.CONNECTED


def test_a_subscribe_under_way_at_the_end_is_sent_again_after_the_next_start() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    assert world.has(Kind.SEND)
    world.session.abort(SessionEndedError("enough"))
    world.settle_down()
    assert world.outcomes == []
    world.connected()
    assert world.session.view.is_active_channel("/a")
