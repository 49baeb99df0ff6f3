"""The development server speaks with clients that others wrote: Faye's and CometD's, over long-polling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.fixtures import PeerFactory

Kind = Literal["cometd", "faye"]

kinds = pytest.mark.parametrize("kind", ["cometd", "faye"])
orders = pytest.mark.parametrize("order", ["events-first", "reply-first"])


@pytest.fixture
def server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """Events arrive as they were published, and one corner of the server is forbidden."""
    return bayeux_server_factory(replay=False, deny_subscribe=("/denied/**",), deny_publish=("/denied/**",))


@kinds
@orders
def test_client_holds_a_whole_conversation(
    kind: Kind, order: str, bayeux_server_factory: ServerFactory, peer_factory: PeerFactory
) -> None:
    server = bayeux_server_factory(replay=False, order=order)
    peer = peer_factory(kind, server.url)
    client_id = peer.expect("handshake", successful=True)["clientId"]
    assert server.sessions == [client_id]

    assert peer.subscribe("/talk/*")["successful"]
    assert peer.publish("/talk/a", {"hello": "wörld"})["successful"]
    assert peer.expect("message", channel="/talk/a")["data"] == {"hello": "wörld"}
    for number in range(3):
        server.publish("/talk/b", number)
    assert [peer.expect("message", channel="/talk/b")["data"] for _ in range(3)] == [0, 1, 2]
    assert peer.expect("transport")["transport"] == "long-polling"

    assert peer.unsubscribe("/talk/*")["successful"]
    assert peer.disconnect()["successful"]
    assert server.sessions == []


@kinds
def test_client_understands_a_refusal(kind: Kind, server: BlockingServer, peer_factory: PeerFactory) -> None:
    peer = peer_factory(kind, server.url)
    refused = peer.subscribe("/denied/here")
    assert not refused["successful"]
    assert "403" in refused["error"]
    assert not peer.publish("/denied/here", 1)["successful"]


@kinds
def test_client_calls_a_service(kind: Kind, server: BlockingServer, peer_factory: PeerFactory) -> None:
    peer = peer_factory(kind, server.url)
    assert peer.subscribe("/service/echo")["successful"]
    assert peer.publish("/service/echo", [1, 2])["successful"]
    assert peer.expect("message", channel="/service/echo")["data"] == [1, 2]


def test_clients_of_two_kinds_hear_each_other(server: BlockingServer, peer_factory: PeerFactory) -> None:
    faye, cometd = peer_factory("faye", server.url), peer_factory("cometd", server.url)
    for peer in (faye, cometd):
        assert peer.subscribe("/both")["successful"]
    assert faye.publish("/both", 1)["successful"]
    assert cometd.publish("/both", 2)["successful"]
    for peer in (faye, cometd):
        assert {peer.expect("message")["data"] for _ in range(2)} == {1, 2}


def test_faye_client_comes_back_after_a_restart(server: BlockingServer, peer_factory: PeerFactory) -> None:
    peer = peer_factory("faye", server.url)
    assert peer.subscribe("/again")["successful"]
    server.recorder.clear()
    server.restart(0)
    server.received("/meta/subscribe")
    server.publish("/again", "back")
    assert peer.expect("message", channel="/again")["data"] == "back"


@kinds
def test_client_shakes_hands_again_when_its_session_is_dropped(
    kind: Kind, server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peer = peer_factory(kind, server.url)
    first = peer.expect("handshake", successful=True)["clientId"]
    server.received("/meta/connect", 2)
    assert server.faults.drop_sessions() == 1
    second = peer.expect("handshake", successful=True)["clientId"]
    assert second != first
    assert server.sessions == [second]
