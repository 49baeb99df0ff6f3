"""The development server speaks with clients that others wrote: Faye's and CometD's, over each transport they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.fixtures import PeerFactory

Kind = Literal["cometd", "faye"]

TRANSPORTS = ("websocket", "long-polling", "callback-polling")

kinds = pytest.mark.parametrize("kind", ["cometd", "faye"])
orders = pytest.mark.parametrize("order", ["events-first", "reply-first"])
transports = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """Events arrive as they were published, and one corner of the server is forbidden."""
    denied = ("/denied/**",)
    return bayeux_server_factory(
        replay=False, connection_types=TRANSPORTS, deny_subscribe=denied, deny_publish=denied, guarded_scripts=True
    )


@kinds
@transports
@orders
def test_client_holds_a_whole_conversation(
    kind: Kind, transport: str, order: str, bayeux_server_factory: ServerFactory, peer_factory: PeerFactory
) -> None:
    server = bayeux_server_factory(replay=False, connection_types=TRANSPORTS, order=order)
    peer = peer_factory(kind, server.url, transport)
    client_id = peer.expect("handshake", successful=True)["clientId"]
    assert server.sessions == [client_id]

    assert peer.subscribe("/talk/*")["successful"]
    assert peer.publish("/talk/a", {"hello": "wörld"})["successful"]
    assert peer.expect("message", channel="/talk/a")["data"] == {"hello": "wörld"}
    for number in range(3):
        server.publish("/talk/b", number)
    assert [peer.expect("message", channel="/talk/b")["data"] for _ in range(3)] == [0, 1, 2]
    assert peer.expect("transport")["transport"] == transport

    assert peer.unsubscribe("/talk/*")["successful"]
    assert peer.disconnect()["successful"]
    assert server.sessions == []
    assert _transports_of_connects(server) == {transport}


@kinds
@transports
def test_client_understands_a_refusal(
    kind: Kind, transport: str, server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peer = peer_factory(kind, server.url, transport)
    refused = peer.subscribe("/denied/here")
    assert not refused["successful"]
    assert "403" in refused["error"]
    assert not peer.publish("/denied/here", 1)["successful"]


@kinds
@transports
def test_client_calls_a_service(kind: Kind, transport: str, server: BlockingServer, peer_factory: PeerFactory) -> None:
    peer = peer_factory(kind, server.url, transport)
    assert peer.subscribe("/service/echo")["successful"]
    assert peer.publish("/service/echo", [1, 2])["successful"]
    assert peer.expect("message", channel="/service/echo")["data"] == [1, 2]


def test_clients_of_two_kinds_hear_each_other_over_all_transports(
    server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peers = [peer_factory(kind, server.url, transport) for kind in ("faye", "cometd") for transport in TRANSPORTS]
    for peer in peers:
        assert peer.subscribe("/all")["successful"]
    for number, peer in enumerate(peers):
        assert peer.publish("/all", number)["successful"]
    for peer in peers:
        assert {peer.expect("message")["data"] for _ in peers} == set(range(len(peers)))


@transports
def test_faye_client_comes_back_after_a_restart(
    transport: str, server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peer = peer_factory("faye", server.url, transport)
    assert peer.subscribe("/again")["successful"]
    server.recorder.clear()
    server.restart(0)
    server.received("/meta/subscribe")
    server.publish("/again", "back")
    assert peer.expect("message", channel="/again")["data"] == "back"


@kinds
@transports
def test_client_shakes_hands_again_when_its_session_is_dropped(
    kind: Kind, transport: str, server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peer = peer_factory(kind, server.url, transport)
    first = peer.expect("handshake", successful=True)["clientId"]
    server.received("/meta/connect", 2)
    assert server.faults.drop_sessions() == 1
    second = peer.expect("handshake", successful=True)["clientId"]
    assert second != first
    assert server.sessions == [second]


@kinds
def test_client_keeps_its_session_when_its_socket_is_cut(
    kind: Kind, server: BlockingServer, peer_factory: PeerFactory
) -> None:
    peer = peer_factory(kind, server.url, "websocket")
    client_id = peer.expect("handshake", successful=True)["clientId"]
    assert peer.subscribe("/again")["successful"]
    server.received("/meta/connect", 2)
    server.recorder.clear()
    assert server.faults.close_websockets(code=None) == 1
    server.received("/meta/connect")
    assert server.sessions == [client_id]
    server.publish("/again", "back")
    assert peer.expect("message", channel="/again")["data"] == "back"


@transports
def test_cometd_client_counts_what_is_delivered_with_its_handshake(
    transport: str, bayeux_server_factory: ServerFactory, peer_factory: PeerFactory
) -> None:
    greeting = [{"channel": "/hello", "data": number} for number in range(3)]
    server = bayeux_server_factory(
        connection_types=TRANSPORTS, on_handshake=lambda _: greeting, deliver_with_handshake=True
    )
    peer = peer_factory("cometd", server.url, transport)
    assert peer.expect("handshake", successful=True)["clientId"] == server.sessions[0]
    # It sends no connect before it has seen so many events as the reply says.
    server.received("/meta/connect", 2)


def _transports_of_connects(server: BlockingServer) -> set[str]:
    """The transports that really carried connects."""

    def connects(messages: Any) -> bool:
        return any(message["channel"] == "/meta/connect" for message in messages)

    return {request.transport for request in server.recorder.requests if connects(request.messages)}
