"""Which transport carries what, in virtual time."""

from __future__ import annotations

import pytest

from core.tests.session.world import RETRY, World
from pybayeux import Advice, ConnectionState
from pybayeux.errors import SessionEndedError, TransportError
from pybayeux.session import Kind
from pybayeux.session.negotiation import Negotiation

ALL = ("websocket", "long-polling", "callback-polling")
NO_WEBSOCKET = TransportError("the upgrade was refused", unavailable=True, unsent=True)


def handshaken(world: World, *offered: str) -> None:
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), supported_connection_types=list(offered))
    world.settle_down()


# -- the choice by itself


@pytest.mark.parametrize(
    ("allowed", "handshake"),
    [
        (ALL, "long-polling"),
        (("websocket", "callback-polling"), "callback-polling"),
        (("callback-polling", "long-polling", "websocket"), "callback-polling"),
        (("pigeons", "websocket", "long-polling"), "pigeons"),
        (("websocket",), "websocket"),
    ],
)
def test_a_handshake_travels_by_the_first_that_is_no_websocket(allowed: tuple[str, ...], handshake: str) -> None:
    assert Negotiation(allowed).for_handshake() == handshake


@pytest.mark.parametrize(
    ("offered", "best"),
    [
        (["callback-polling", "long-polling", "websocket"], "websocket"),
        (["callback-polling", "long-polling"], "long-polling"),
        (["iframe"], None),
        ([], "long-polling"),
        (None, "long-polling"),
    ],
)
def test_the_best_is_the_first_of_ours_that_the_server_has(offered: list[str] | None, best: str | None) -> None:
    assert Negotiation(ALL).best_of(offered) == best


def test_the_last_transport_left_is_never_given_up() -> None:
    negotiation = Negotiation(ALL)
    assert [negotiation.cannot_reach(name) for name in ALL] == [True, True, False]
    assert list(negotiation.usable) == ["callback-polling"]
    negotiation.restart()
    assert list(negotiation.usable) == list(ALL)


# -- in a session


def test_the_session_moves_to_the_best_transport_with_its_client_id() -> None:
    world = World(connection_types=ALL)
    handshaken(world, "long-polling", "websocket")
    handshake, connect = (exchange for _, exchange in world.sent)
    assert (handshake.transport, connect.transport) == ("long-polling", "websocket")
    assert handshake.messages[0].supported_connection_types == list(ALL)
    assert (connect.messages[0].connection_type, connect.messages[0].client_id) == ("websocket", "c1")
    assert world.session.view.connection_type == "websocket"


def test_a_transport_that_cannot_reach_the_server_gives_way_at_once_within_the_session() -> None:
    world = World(connection_types=ALL)
    handshaken(world, "long-polling", "websocket")
    world.fail(world.current(Kind.CONNECT), NO_WEBSOCKET)
    assert world.until(Kind.CONNECT) == 0
    connect = world.current(Kind.CONNECT)
    assert (connect.transport, connect.messages[0].client_id) == ("long-polling", "c1")
    assert connect.messages[0].connection_type == "long-polling"
    assert connect.messages[0].advice == Advice(timeout=0), "it is as good as the first"
    world.accept(connect)
    assert world.state() is ConnectionState.CONNECTED
    assert world.errors == [NO_WEBSOCKET]
    world.session.rehandshake("test")
    world.settle_down()
    assert world.current(Kind.HANDSHAKE).messages[0].supported_connection_types == list(ALL[1:])


def test_a_handshake_goes_on_with_the_next_transport_too() -> None:
    world = World(connection_types=("pigeons", "callback-polling"))
    world.session.start(world.now)
    world.settle_down()
    world.fail(world.current(Kind.HANDSHAKE), TransportError("no pigeons here", unavailable=True))
    assert world.until(Kind.HANDSHAKE) == 0
    assert world.current(Kind.HANDSHAKE).transport == "callback-polling"


def test_a_transport_that_has_worked_is_stuck_to() -> None:
    world = World(connection_types=ALL)
    handshaken(world, "long-polling", "websocket")
    world.accept(world.current(Kind.CONNECT), advice=RETRY)
    world.settle_down()
    for _ in range(3):
        world.fail(world.current(Kind.CONNECT), NO_WEBSOCKET)
        world.until(Kind.CONNECT)
        assert world.current(Kind.CONNECT).transport == "websocket"


def test_where_the_next_one_fails_too_it_was_the_network() -> None:
    world = World(connection_types=ALL)
    handshaken(world, "long-polling", "websocket")
    world.fail(world.current(Kind.CONNECT), NO_WEBSOCKET)
    world.until(Kind.CONNECT)
    world.fail(world.current(Kind.CONNECT), TransportError("no route"))
    world.session.rehandshake("test")
    world.until(Kind.HANDSHAKE)
    assert world.current(Kind.HANDSHAKE).messages[0].supported_connection_types == list(ALL)


def test_a_single_transport_is_tried_again() -> None:
    world = World(connection_types=("websocket",))
    world.session.start(world.now)
    delays = []
    for _ in range(3):
        delays.append(world.until(Kind.HANDSHAKE))
        world.fail(world.current(Kind.HANDSHAKE), NO_WEBSOCKET)
    assert delays == [0, 0, 1]


def test_no_common_transport_ends_the_session() -> None:
    world = World(connection_types=("websocket",))
    handshaken(world, "long-polling")
    assert isinstance(world.ends[0], SessionEndedError)
    assert "405:" in str(world.ends[0])


def test_a_session_that_no_other_transport_can_carry_tries_the_same_again() -> None:
    world = World(connection_types=ALL)
    handshaken(world, "websocket")
    world.fail(world.current(Kind.CONNECT), NO_WEBSOCKET)
    assert world.until(Kind.CONNECT) == 0, "the first failure is retried at once"
    assert world.current(Kind.CONNECT).transport == "websocket"
    assert world.session.view.client_id == "c1"
