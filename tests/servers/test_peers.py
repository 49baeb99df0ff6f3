"""The clients of others speak with the servers they were made for: so they are fit to prove a server of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.servers.process import ChildError

if TYPE_CHECKING:
    from tests.servers.fixtures import PeerFactory
    from tests.servers.server import Server

TRANSPORTS = ("long-polling", "websocket", "callback-polling")


def _talk(kind: Literal["cometd", "faye"], server: Server, transport: str, peer_factory: PeerFactory) -> None:
    """A whole conversation, from the handshake to the disconnect."""
    channel = f"/peers/{kind}/{transport}"
    peer = peer_factory(kind, server.url, transport)
    client_id = peer.expect("handshake", successful=True)["clientId"]
    assert peer.subscribe(channel)["successful"]
    assert (client_id, (channel,)) in [(each.id, each.subscriptions) for each in server.control.sessions()]

    assert peer.publish(channel, {"hello": "wörld"})["successful"]
    assert peer.expect("message", channel=channel)["data"] == {"hello": "wörld"}
    server.control.publish(channel, 2)
    assert [peer.expect("message", channel=channel)["data"]["seq"] for _ in range(2)] == [0, 1]
    assert peer.expect("transport")["transport"] == transport

    refused = peer.subscribe("/denied/here")
    assert not refused["successful"]
    assert "403" in refused["error"]
    assert not peer.publish("/denied/here", 1)["successful"]

    assert peer.unsubscribe(channel)["successful"]
    assert peer.disconnect()["successful"]
    assert client_id not in [each.id for each in server.control.sessions()]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_faye_client_speaks_with_faye(faye_server: Server, peer_factory: PeerFactory, transport: str) -> None:
    _talk("faye", faye_server, transport, peer_factory)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_cometd_client_speaks_with_cometd(cometd_server: Server, peer_factory: PeerFactory, transport: str) -> None:
    _talk("cometd", cometd_server, transport, peer_factory)


def test_cometd_client_speaks_with_cometd_nodejs(cometd_node_server: Server, peer_factory: PeerFactory) -> None:
    _talk("cometd", cometd_node_server, "long-polling", peer_factory)


def test_peers_of_two_kinds_hear_each_other(faye_server: Server, peer_factory: PeerFactory) -> None:
    faye, cometd = peer_factory("faye", faye_server.url), peer_factory("cometd", faye_server.url)
    for peer in (faye, cometd):
        assert peer.subscribe("/peers/both")["successful"]
    assert faye.publish("/peers/both", 1)["successful"]
    assert cometd.publish("/peers/both", 2)["successful"]
    for peer in (faye, cometd):
        assert {peer.expect("message")["data"] for _ in range(2)} == {1, 2}


def test_peer_that_hears_nothing_says_what_it_heard(faye_server: Server, peer_factory: PeerFactory) -> None:
    peer = peer_factory("faye", faye_server.url)
    peer.expect("handshake")
    with pytest.raises(ChildError, match=r"expected: .*never"):
        peer.expect("never", timeout=0.05)
