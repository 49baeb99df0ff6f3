"""Refusals that an extension has interpreted: what the session does about them."""

from __future__ import annotations

import pytest

from core.tests.session.world import World
from pybayeux.errors import (
    BayeuxError,
    ConnectError,
    ExtensionHookError,
    HandshakeError,
    PublishError,
    Remedy,
    ReplyError,
    SessionEndedError,
    SubscribeError,
    TransportError,
)
from pybayeux.message import Advice, Message
from pybayeux.session import Kind, SubscriptionRejected
from pybayeux.state import ConnectionState

NONE = Advice(reconnect="none")
BUSY = "401::Authentication invalid"


def world(remedy: Remedy | None, retry_after: float = 0.0) -> World:
    """A session whose errors an extension interprets: all have this remedy."""

    def explain(error: BayeuxError) -> BayeuxError:
        if isinstance(error, ReplyError):
            error.remedy, error.retry_after = remedy, retry_after
        return error

    return World(interpret_error=explain)


def refused_connect(made: World, advice: Advice | None = NONE) -> World:
    made.connected()
    connect = made.current(Kind.CONNECT)
    made.answer(connect, made.reply(connect.messages[0], successful=False, error=BUSY, advice=advice))
    return made


def test_without_a_remedy_the_advice_decides() -> None:
    made = refused_connect(world(None))
    assert isinstance(made.ends[0], SessionEndedError)
    assert "the server advised" in str(made.ends[0])


def test_a_refused_connect_is_repeated_in_the_same_session() -> None:
    made = refused_connect(world(Remedy.RETRY, 120.0))
    assert made.until(Kind.CONNECT) == 120.0
    assert made.session.view.client_id == "c1"
    assert [type(error) for error in made.errors] == [ConnectError]


def test_a_refused_connect_leads_to_a_new_session_after_the_wait() -> None:
    made = refused_connect(world(Remedy.HANDSHAKE, 120.0))
    assert made.state() is ConnectionState.REHANDSHAKING
    assert made.until(Kind.HANDSHAKE) == 120.0
    made.connected()
    assert made.state() is ConnectionState.CONNECTED


def test_the_longer_of_both_waits_counts() -> None:
    made = refused_connect(world(Remedy.HANDSHAKE, 1.0), Advice(reconnect="handshake", interval=7000))
    assert made.until(Kind.HANDSHAKE) == 7.0


@pytest.mark.parametrize("advice", [None, Advice(reconnect="retry"), Advice(reconnect="handshake")])
def test_a_hopeless_connect_ends_the_session_whatever_is_advised(advice: Advice | None) -> None:
    made = refused_connect(world(Remedy.GIVE_UP), advice)
    (ended,) = made.ends
    assert isinstance(ended, SessionEndedError)
    assert isinstance(ended.__cause__, ConnectError)
    assert "advised" not in str(ended)


def test_a_fresh_token_is_a_new_start_even_where_nothing_helps() -> None:
    made = world(Remedy.GIVE_UP).connected()
    made.session.rehandshake("a fresh token")
    made.settle_down()
    assert made.ends == []
    assert made.has(Kind.HANDSHAKE)


@pytest.mark.parametrize("remedy", [Remedy.RETRY, Remedy.HANDSHAKE])
def test_a_refused_handshake_is_repeated_after_the_wait(remedy: Remedy) -> None:
    made = world(remedy, 60.0)
    made.session.start(made.now)
    made.settle_down()
    handshake = made.current(Kind.HANDSHAKE)
    made.answer(handshake, made.reply(handshake.messages[0], successful=False, error=BUSY, advice=NONE))
    assert made.until(Kind.HANDSHAKE) == 60.0
    assert [type(error) for error in made.errors] == [HandshakeError]


def hook_failed(cause: BaseException) -> ExtensionHookError:
    """An extension kept a request from leaving."""
    error = ExtensionHookError("extension 'auth' failed in outgoing", extension="auth", hook="outgoing")
    error.__cause__ = cause
    return error


class LoginError(BayeuxError):
    """An extension's own error, with what helps against it."""

    def __init__(self, remedy: Remedy, retry_after: float = 0.0) -> None:
        super().__init__("no token")
        self.remedy, self.retry_after = remedy, retry_after


@pytest.mark.parametrize("kind", [Kind.HANDSHAKE, Kind.CONNECT])
def test_an_extension_that_cannot_go_on_ends_the_session(kind: Kind) -> None:
    made = World()
    made.session.start(made.now)
    made.settle_down()
    if kind is Kind.CONNECT:
        made.connected()
    error = hook_failed(LoginError(Remedy.GIVE_UP))
    made.fail(made.current(kind), error)
    (ended,) = made.ends
    assert isinstance(ended, SessionEndedError)
    assert ended.__cause__ is error


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (LoginError(Remedy.RETRY, 45.0), 45.0),
        (LoginError(Remedy.HANDSHAKE, 45.0), 45.0),
        (ConnectionError("the login server is down"), 0.0),
    ],
)
def test_an_extension_that_can_go_on_later_is_waited_for(cause: Exception, expected: float) -> None:
    made = World()
    made.session.start(made.now)
    made.settle_down()
    made.fail(made.current(Kind.HANDSHAKE), hook_failed(cause))
    assert made.ends == []
    assert made.until(Kind.HANDSHAKE) == expected


def refused_subscribe(made: World) -> World:
    made.session.subscribe("/a")
    made.settle_down()
    subscribe = made.current(Kind.SEND)
    made.answer(subscribe, made.reply(subscribe.messages[0], successful=False, error="403::quota"))
    return made


def test_a_refused_subscription_is_given_up_by_default() -> None:
    made = refused_subscribe(world(None).connected())
    assert [notice.channel for notice in made.notices if isinstance(notice, SubscriptionRejected)] == ["/a"]


def test_a_refused_subscription_is_asked_for_again_after_the_wait() -> None:
    made = refused_subscribe(world(Remedy.RETRY, 300.0).connected())
    assert [type(error) for error in made.errors] == [SubscribeError]
    assert not any(isinstance(notice, SubscriptionRejected) for notice in made.notices)
    assert made.until(Kind.SEND) >= 300.0
    made.accept(made.current(Kind.SEND))
    assert made.session.view.is_active_channel("/a")


def test_a_proven_subscription_is_given_up_where_nothing_helps() -> None:
    made = world(Remedy.GIVE_UP)
    made.session.subscribe("/a")
    made.session.subscribe("/b")
    made.connected()
    made.session.rehandshake("again")
    made.settle_down()
    made.accept(made.current(Kind.HANDSHAKE))
    made.settle_down()
    first, second = made.current(Kind.SEND).messages
    made.answer(
        made.current(Kind.SEND), made.reply(first, successful=False, error="403::no access"), made.reply(second)
    )
    assert [notice.channel for notice in made.notices if isinstance(notice, SubscriptionRejected)] == ["/a"]
    assert made.session.view.is_active_channel("/b"), "the others go on"


def test_a_refused_subscription_leads_to_a_new_session() -> None:
    made = refused_subscribe(world(Remedy.HANDSHAKE, 90.0).connected())
    assert made.until(Kind.HANDSHAKE) == 90.0
    made.accept(made.current(Kind.HANDSHAKE))
    made.settle_down()
    assert made.channels_sent()[-2:] == ["/meta/connect", "/meta/subscribe /a"]


def test_a_refused_publish_is_sent_again_in_a_new_session_and_settled_otherwise() -> None:
    made = world(Remedy.HANDSHAKE, 5.0).connected()
    made.session.send(Message(channel="/a", data=1))
    made.settle_down()
    publish = made.current(Kind.SEND)
    made.answer(publish, made.reply(publish.messages[0], successful=False, error="503::busy"))
    assert made.until(Kind.HANDSHAKE) == 5.0
    assert made.outcomes == []
    made.connected()
    assert made.channels_sent().count("/a") == 2


def test_a_refused_publish_gets_the_explained_error() -> None:
    class Quota(PublishError):
        """A vendor's own."""

    made = World(interpret_error=lambda error: Quota("/a") if isinstance(error, PublishError) else error).connected()
    made.session.send(Message(channel="/a", data=1))
    made.settle_down()
    publish = made.current(Kind.SEND)
    made.answer(publish, made.reply(publish.messages[0], successful=False, error="403::quota"))
    assert [type(outcome) for outcome in made.outcomes] == [Quota]


def test_a_broken_exchange_is_explained_too() -> None:
    explained = TransportError("the load balancer is busy", retry_after=45.0)
    made = World(interpret_error=lambda error: explained).connected()
    made.fail(made.current(Kind.CONNECT), TransportError("HTTP 503"))
    assert made.errors == [explained]
    assert made.until(Kind.CONNECT) == 45.0


def test_room_is_left_to_the_next_session_where_one_is_due() -> None:
    made = world(None).connected()
    made.session.hold_connects(made.now)
    made.session.discard_events(made.now)
    made.accept(made.current(Kind.CONNECT))
    made.settle_down()
    assert not made.accepting()
    made.session.rehandshake("to have it sent again")
    made.session.release_connects(made.now)
    assert not made.accepting(), "what the old session still brings is later than what is to come again"
    made.settle_down()
    assert made.accepting()


@pytest.mark.parametrize("remedy", [None, Remedy.GIVE_UP])
def test_a_refusal_while_a_new_session_is_due_is_asked_again_there(remedy: Remedy | None) -> None:
    made = world(remedy).connected()
    made.session.subscribe("/a")
    made.settle_down()
    subscribe = made.current(Kind.SEND)
    made.session.rehandshake("a fresh token")
    made.answer(subscribe, made.reply(subscribe.messages[0], successful=False, error="401::Authentication invalid"))
    assert not any(isinstance(notice, SubscriptionRejected) for notice in made.notices)
    made.connected()
    assert made.session.view.is_active_channel("/a")
