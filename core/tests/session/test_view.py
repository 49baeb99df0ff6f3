from __future__ import annotations

from core.tests.session.world import World
from pybayeux.errors import MessageDropped, Remedy, TransportError
from pybayeux.session import Kind
from pybayeux.state import ConnectionState


def test_a_session_that_was_not_started() -> None:
    view = World(host="a.example").session.view
    assert (view.state, view.is_alive) == (ConnectionState.DISCONNECTED, False)
    assert (view.client_id, view.connection_type, view.host, view.retry_at) == (None, None, None, None)
    assert (view.channels, view.is_active_channel("/a"), view.is_deferred_channel("/a")) == ([], False, False)


def test_a_session_that_is_connected() -> None:
    world = World()
    view = world.session.view
    world.session.subscribe("/a")
    world.connected()
    world.session.subscribe("/b")
    assert (view.state, view.is_alive) == (ConnectionState.CONNECTED, True)
    assert (view.client_id, view.connection_type, view.host) == ("c1", "long-polling", None)
    assert view.channels == ["/a", "/b"]
    assert [view.is_active_channel(channel) for channel in ["/a", "/b", "/c"]] == [True, False, False]
    assert view.longest_silence == 40, "as long as the server holds a connect, and the network's delay"


def test_a_channel_that_an_extension_keeps_from_the_server() -> None:
    world = World().connected()
    world.session.subscribe("/a")
    world.settle_down()
    exchange = world.current(Kind.SEND)
    veto = MessageDropped("not yet", "lease", Remedy.DEFER)
    world.session.rejected(exchange, str(exchange.messages[0].id), veto, world.now)
    view = world.session.view
    assert (view.is_deferred_channel("/a"), view.is_active_channel("/a"), view.channels) == (True, False, ["/a"])


def retry_at(world: World) -> float | None:
    """Asked by a call, since a type checker takes an attribute for unchanged."""
    return world.session.view.retry_at


def test_the_next_attempt_is_known_while_one_is_waited_for() -> None:
    world = World()
    assert retry_at(world) is None
    world.session.start(world.now)
    world.settle_down()
    assert retry_at(world) is None, "the handshake is under way"
    for _ in range(2):
        world.until(Kind.HANDSHAKE)
        world.fail(world.current(Kind.HANDSHAKE), TransportError("no route"))
    world.settle_down()
    assert retry_at(world) == world.now + 1
    world.until(Kind.HANDSHAKE)
    world.connected()
    assert retry_at(world) is None
