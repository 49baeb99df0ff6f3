"""Desired subscriptions across refusals and sessions, in virtual time."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.session.world import World
from pybayeux import Advice, Message
from pybayeux.errors import (
    SubscribeError,
    TransportError,
)
from pybayeux.session import Kind, Subscribed, SubscriptionRejected
from pybayeux.session.subscriptions import DesiredSubscription, DesiredSubscriptions, SubscriptionStatus


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
    assert world.session.view.channels == []


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
    assert world.session.view.is_active_channel("/a")


def test_a_subscription_that_cannot_be_asked_for_is_refused_and_the_others_are_not() -> None:
    world = World().connected()
    world.session.subscribe("/large")
    world.settle_down()
    world.fail(world.current(Kind.SEND), TransportError("larger than a request may be", fatal=True))
    refused = [notice for notice in world.notices if isinstance(notice, SubscriptionRejected)]
    assert [(each.channel, str(each.error)) for each in refused] == [("/large", "larger than a request may be")]
    world.pass_time(60)
    assert not world.has(Kind.SEND)
    assert world.session.view.channels == []


def test_a_subscription_that_the_server_ends_unasked_is_asked_for_again() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    assert world.session.view.is_active_channel("/a")
    end = Message(channel="/meta/subscribe", subscription="/a", successful=False, error="403::gone")
    connect = world.current(Kind.CONNECT)
    world.answer(connect, end, world.reply(connect.messages[0]))
    assert [type(error) for error in world.errors] == [SubscribeError]
    world.until(Kind.SEND)
    world.accept(world.current(Kind.SEND))
    assert world.session.view.is_active_channel("/a")
    assert world.channels_sent().count("/meta/subscribe /a") == 2


def test_the_end_of_an_unknown_subscription_is_ignored() -> None:
    world = World().connected()
    end = Message(channel="/meta/subscribe", subscription="/b", successful=False, error="403::gone")
    connect = world.current(Kind.CONNECT)
    world.answer(connect, end, world.reply(connect.messages[0]))
    world.settle_down()
    assert world.errors == []
    assert "/meta/subscribe /b" not in world.channels_sent()


# -- one subscription by itself


def test_a_pending_subscription_that_is_to_start_afresh_only_retries_a_refusal() -> None:
    subscription = DesiredSubscription("/a")
    subscription.sent()
    subscription.restart(5.0)
    assert (subscription.status, subscription.retry_refusal) == (SubscriptionStatus.PENDING, True)
    subscription.accepted()
    assert (subscription.status, subscription.retry_refusal) == (SubscriptionStatus.ACTIVE, False)
    assert subscription.was_accepted


@pytest.mark.parametrize("is_active", [True, False])
def test_an_active_subscription_that_is_to_start_afresh_unsubscribes_first(is_active: bool) -> None:
    subscription = DesiredSubscription("/a")
    if is_active:
        subscription.sent()
        subscription.accepted()
    subscription.restart(5.0)
    assert (subscription.status, subscription.due) == (SubscriptionStatus.UNSENT, 5.0)
    assert subscription.unsubscribe_first is is_active


def test_the_set_knows_what_is_due_and_forgets_with_the_session() -> None:
    wanted = DesiredSubscriptions()
    first, second = wanted.add("/a"), wanted.add("/b")
    assert wanted.add("/a") is first
    second.reset(due=7.0)
    assert wanted.due(1.0) == [first]
    assert wanted.next_due(1.0) == 1.0
    first.sent()
    first.accepted()
    assert wanted.due(7.0) == [second]
    assert [wanted.next_due(now) for now in (1.0, 7.0, 8.0)] == [7.0, 7.0, 8.0]
    second.defer()
    assert wanted.has_unsent
    assert wanted.next_due(8.0) == inf
    first.restart(8.0)
    wanted.session_lost()
    assert wanted.due(0.0) == [first, second]
    assert not first.unsubscribe_first
    assert first.was_accepted


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "remove", "sent", "accepted", "reset", "lose"])))
)
def test_the_set_always_knows_which_are_unsent(steps: list[tuple[str, str]]) -> None:
    wanted = DesiredSubscriptions()
    for channel, step in steps:
        found = wanted.get(channel)
        if step == "add":
            wanted.add(channel)
        elif step == "remove":
            wanted.remove(channel)
        elif step == "lose":
            wanted.session_lost()
        elif found is not None:
            getattr(found, step)()
        unsent = {each.channel for each in wanted if each.status is SubscriptionStatus.UNSENT}
        assert {each.channel for each in wanted.due(0.0)} == unsent
    wanted.session_lost()
    assert wanted.due(0.0) == list(wanted)
