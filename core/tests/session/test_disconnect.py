"""The end that the user wants, in virtual time."""

from __future__ import annotations

import pytest

from core.tests.session.world import World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import TransportError
from pybayeux.session import Kind


def test_close_disconnects_and_waits_for_both_replies() -> None:
    world = World().connected()
    held = world.current(Kind.CONNECT)
    world.session.close(world.now)
    world.settle_down()
    farewell = world.current(Kind.DISCONNECT)
    assert farewell.messages[0].client_id == "c1"
    world.accept(farewell)
    world.pass_time(0.5)
    assert world.under_way == [held]
    assert world.state() is ConnectionState.DISCONNECTING
    world.accept(held, advice=Advice(reconnect="none"))
    assert world.state() is ConnectionState.DISCONNECTED
    assert world.ends == [None]


def test_close_ends_locally_without_an_answer() -> None:
    world = World(max_network_delay=3).connected()
    world.session.close(world.now)
    world.pass_time(3)
    assert world.state() is ConnectionState.DISCONNECTED
    assert not world.under_way


def test_close_while_handshaking_sends_nothing_more() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.session.close(world.now)
    world.settle_down()
    assert not world.under_way
    assert world.state() is ConnectionState.DISCONNECTED


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


def test_a_session_may_be_started_again_after_its_end() -> None:
    world = World()
    world.session.subscribe("/a")
    world.connected()
    assert world.session.view.is_active_channel("/a")
    world.session.abort(None)
    assert not world.session.view.is_active_channel("/a")
    world.connected()
    assert world.channels_sent().count("/meta/subscribe /a") == 2
    assert world.session.view.is_active_channel("/a")


@pytest.mark.parametrize("advice", [None, Advice(reconnect="handshake"), Advice(reconnect="retry", interval=0)])
def test_nothing_that_the_held_connect_says_brings_the_session_back(advice: Advice | None) -> None:
    world = World().connected()
    world.session.close(world.now)
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown", advice=advice)
    world.settle_down()
    assert world.state() is ConnectionState.DISCONNECTING
    world.accept(world.current(Kind.DISCONNECT))
    assert world.state() is ConnectionState.DISCONNECTED
    assert world.errors == []


def test_the_held_connect_is_waited_for_but_not_for_long() -> None:
    world = World(max_network_delay=5).connected()
    world.session.close(world.now)
    world.settle_down()
    world.accept(world.current(Kind.DISCONNECT))
    world.pass_time(0.9)
    assert world.state() is ConnectionState.DISCONNECTING
    world.pass_time(0.1)
    assert world.state() is ConnectionState.DISCONNECTED


def test_a_new_session_asked_for_before_the_end_is_not_begun() -> None:
    world = World().connected()
    world.session.rehandshake("a fresh token")
    world.session.close(world.now)
    world.settle_down()
    assert not world.has(Kind.HANDSHAKE)
    assert world.has(Kind.DISCONNECT)


def test_a_disconnect_that_cannot_be_sent_ends_the_session_all_the_same() -> None:
    world = World(max_network_delay=5).connected()
    world.session.close(world.now)
    world.settle_down()
    world.fail(world.current(Kind.DISCONNECT), TransportError("no route"))
    world.pass_time(1)
    assert world.state() is ConnectionState.DISCONNECTED
    assert world.ends == [None]


def test_the_held_connect_may_break_before_or_after_the_reply() -> None:
    world = World().connected()
    world.session.close(world.now)
    world.settle_down()
    world.fail(world.current(Kind.CONNECT), TransportError("reset"))
    assert world.state() is ConnectionState.DISCONNECTING
    world.accept(world.current(Kind.DISCONNECT))
    assert world.state() is ConnectionState.DISCONNECTED
    world = World().connected()
    world.session.close(world.now)
    world.settle_down()
    world.accept(world.current(Kind.DISCONNECT))
    world.fail(world.current(Kind.CONNECT), TransportError("reset"))
    assert world.state() is ConnectionState.DISCONNECTED
    assert world.errors == []
