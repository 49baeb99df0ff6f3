"""Servers that a server advises, in virtual time."""

from __future__ import annotations

from core.tests.session.world import RETRY, World
from pybayeux import Advice
from pybayeux.errors import TransportError
from pybayeux.session import Kind
from pybayeux.session.hosts import Hosts

ELSEWHERE = Advice(reconnect="handshake", interval=0, hosts=["b.example:8080", "c.example"])


def asked(world: World) -> list[str | None]:
    """The hosts that handshakes went to."""
    return [exchange.host for _, exchange in world.sent if exchange.kind is Kind.HANDSHAKE]


def sent_away(world: World, advice: Advice = ELSEWHERE) -> World:
    world.connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown", advice=advice)
    world.until(Kind.HANDSHAKE)
    return world


def test_hosts_are_tried_in_order_at_a_new_handshake_and_the_own_one_last() -> None:
    world = sent_away(World(host="a.example"))
    for _ in range(3):
        world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
        world.until(Kind.HANDSHAKE)
    assert asked(world) == [None, "b.example:8080", "c.example", None, "b.example:8080"][:5]


def test_the_host_that_answered_is_stayed_with() -> None:
    world = sent_away(World(host="a.example"))
    world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
    world.until(Kind.HANDSHAKE)
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    assert world.current(Kind.CONNECT).host == "c.example"
    assert world.session.view.host == "c.example"
    world.accept(world.current(Kind.CONNECT), advice=RETRY)
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.until(Kind.HANDSHAKE)
    assert world.current(Kind.HANDSHAKE).host == "c.example"


def test_a_host_that_is_in_use_is_stayed_with() -> None:
    world = sent_away(World(host="c.example"))
    assert asked(world) == [None, None]


def test_hosts_without_a_new_handshake_change_nothing() -> None:
    world = World(host="a.example").connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", hosts=["b.example"]))
    world.settle_down()
    assert world.current(Kind.CONNECT).host is None


def test_a_start_begins_with_the_own_server() -> None:
    hosts = Hosts("a.example")
    hosts.session_lost(["http://b.example/bayeux"])
    assert hosts.current == "http://b.example/bayeux"
    hosts.session_lost(["b.example"])
    assert hosts.current == "http://b.example/bayeux", "it is that one already"
    hosts.restart()
    assert hosts.current is None


def test_a_server_that_has_moved_is_asked_first_and_counts_as_the_own_one() -> None:
    world = sent_away(World(host="a.example"))
    world.session.move("c.example")
    world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
    world.until(Kind.HANDSHAKE)
    assert asked(world) == [None, "b.example:8080", None]
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown", advice=ELSEWHERE)
    world.until(Kind.HANDSHAKE)
    assert asked(world)[-1] is None, "it is among those advised"
