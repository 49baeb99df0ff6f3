"""The real servers do what the tests of the clients rely on; asked by plain requests, without any client of ours."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.servers.control import ControlError, ServerSession, held
from tests.servers.wire import Wire

if TYPE_CHECKING:
    from tests.servers.fixtures import ServerFactory
    from tests.servers.server import Server

ACK = {"ext": {"ack": True}}


def _subscribed(wire: Wire, channel: str) -> None:
    """Takes a session so far that events of ``channel`` are queued for it."""
    assert wire.handshake()["successful"]
    assert wire.connect()[0]["successful"]
    assert wire.subscribe(channel)["successful"]


def test_server_tells_what_and_where_it_is(any_server: Server) -> None:
    assert any_server.version
    assert any_server.url == f"http://127.0.0.1:{any_server.port}{any_server.path}"
    assert any_server.ws_url == f"ws://127.0.0.1:{any_server.port}{any_server.path}"
    assert any_server.name in repr(any_server)


def test_server_offers_all_transports(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        offered = wire.handshake()["supportedConnectionTypes"]
    assert {"websocket", "long-polling", "callback-polling"} <= set(offered)


def test_control_publishes_numbered_events(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        _subscribed(wire, "/servers/numbered")
        any_server.control.publish("/servers/numbered", 3, size=5, start=7)
        _, events = wire.connect()
    assert [event["data"]["seq"] for event in events] == [7, 8, 9]
    assert {event["data"]["payload"] for event in events} == {"xxxxx"}
    assert all(event["data"]["t"] > 10**18 for event in events)


def test_control_spreads_events_over_channels(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        _subscribed(wire, "/servers/spread/*")
        any_server.control.publish("/servers/spread", 3, spread=2)
        _, events = wire.connect()
    assert [event["channel"] for event in events] == [f"/servers/spread/{n}" for n in (0, 1, 0)]


def test_control_publishes_further_members_and_replay_ids(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        _subscribed(wire, "/servers/members")
        any_server.control.publish("/servers/members", 2, members={"name": "Grüße"}, replay=True)
        _, events = wire.connect()
    assert [(event["data"]["name"], event["data"]["event"]["replayId"]) for event in events] == [
        ("Grüße", 1),
        ("Grüße", 2),
    ]


def test_control_publishes_at_a_rate(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        _subscribed(wire, "/servers/paced")
        any_server.control.publish("/servers/paced", 5, rate=50)
        events: list[dict[str, dict[str, int]]] = []
        while len(events) < 5:
            events += wire.connect(timeout=10_000)[1]
    stamps = [event["data"]["t"] for event in events]
    assert [event["data"]["seq"] for event in events] == [0, 1, 2, 3, 4]
    assert stamps[-1] - stamps[0] >= 0.99 * 4 * 1e9 / 50


@pytest.mark.parametrize("data", [0, "", False, [], "Grüße ☃", {"nested": [None, 1.5]}], ids=json.dumps)
def test_control_sends_any_data(any_server: Server, data: object) -> None:
    with Wire(any_server.url) as wire:
        _subscribed(wire, "/servers/any")
        any_server.control.send("/servers/any", data)
        _, [event] = wire.connect()
    assert event["data"] == data


def test_control_lists_and_drops_a_session(any_factory: ServerFactory) -> None:
    server = any_factory()
    with Wire(server.url) as wire, Wire(server.url) as bystander:
        _subscribed(wire, "/servers/b")
        wire.subscribe("/servers/a")
        bystander.handshake()
        found = {session.id: session.subscriptions for session in server.control.sessions()}
        assert found == {wire.client_id: ("/servers/a", "/servers/b"), bystander.client_id: ()}

        assert server.control.drop(wire.client_id) == 1
        assert [session.id for session in server.control.sessions()] == [bystander.client_id]
        reply, _ = wire.connect()
        assert not reply["successful"]
        assert reply["advice"]["reconnect"] == "handshake"

        assert server.control.drop() == 1
        assert server.control.sessions() == []


def test_control_says_what_it_cannot_do(faye_server: Server) -> None:
    with pytest.raises(ControlError, match="404"):
        faye_server.control.disconnect()


def test_cometd_control_disconnects_a_session_with_a_message(cometd_factory: ServerFactory) -> None:
    server = cometd_factory()
    with Wire(server.url) as wire, ThreadPoolExecutor() as threads:
        _subscribed(wire, "/servers/disconnected")
        poll = threads.submit(wire.connect, timeout=20_000)
        server.control.wait(held)
        assert server.control.disconnect(wire.client_id) == 1
        reply, [disconnect] = poll.result()
    assert disconnect == {"channel": "/meta/disconnect", "successful": True}
    assert reply["advice"]["reconnect"] == "none"


def test_held_poll_is_seen_and_answered_with_the_first_event(any_factory: ServerFactory) -> None:
    server = any_factory()
    with Wire(server.url) as wire, ThreadPoolExecutor() as threads:
        _subscribed(wire, "/servers/held")
        assert not held(server.control.sessions())
        poll = threads.submit(wire.connect, timeout=20_000)
        server.control.wait(held)
        server.control.publish("/servers/held")
        _, events = poll.result()
        assert not held(server.control.sessions())
    assert [event["data"]["seq"] for event in events] == [0]


def test_control_waits_in_vain_for_a_limited_time(faye_factory: ServerFactory) -> None:
    server = faye_factory()
    with pytest.raises(ControlError, match="the sessions are"):
        server.control.wait(held, timeout=0)


def test_server_denies_what_asks_for_it(any_server: Server) -> None:
    with Wire(any_server.url) as wire:
        denied = wire.handshake(ext={"deny": True})
        assert not denied["successful"]
        _subscribed(wire, "/servers/allowed")
        assert wire.subscribe("/denied/here")["error"].startswith("403:")
        assert not wire.publish("/denied/here", 1)["successful"]


def test_server_starts_again_on_the_same_port_and_knows_nobody(any_factory: ServerFactory) -> None:
    server = any_factory()
    with Wire(server.url) as wire:
        _subscribed(wire, "/servers/again")
        before = server.url
        server.stop()
        with pytest.raises(httpx.ConnectError):
            Wire(server.url).handshake()
        assert server.start().url == before
        reply, _ = wire.connect()
    assert not reply["successful"]
    assert server.control.sessions() == []


def test_killed_server_starts_again(any_factory: ServerFactory) -> None:
    server = any_factory()
    server.kill()
    server.start()
    assert server.control.sessions() == []


def test_server_takes_the_poll_time_as_an_option(any_factory: ServerFactory) -> None:
    server = any_factory(timeout=4321)
    with Wire(server.url) as wire:
        assert wire.handshake()["advice"]["timeout"] == 4321


def test_cometd_forgets_a_session_after_max_interval(cometd_factory: ServerFactory) -> None:
    server = cometd_factory(maxInterval=100, sweepPeriod=20)
    with Wire(server.url) as wire:
        _subscribed(wire, "/servers/forgotten")
        server.control.wait(lambda sessions: not sessions)
        reply, _ = wire.connect()
    assert reply["error"].startswith("402:")


def test_cometd_delivers_again_what_was_not_acknowledged(cometd_server: Server) -> None:
    with Wire(cometd_server.url) as wire:
        assert wire.handshake(**ACK)["ext"]["ack"] is True
        wire.connect(ext={"ack": 0})
        wire.subscribe("/servers/ack")
        cometd_server.control.publish("/servers/ack", 2)
        first, events = wire.connect(ext={"ack": 0})
        _, again = wire.connect(ext={"ack": 0})
        _, accepted = wire.connect(ext={"ack": first["ext"]["ack"]})
    assert [event["data"]["seq"] for event in events] == [0, 1]
    assert again == events
    assert accepted == []


@pytest.mark.parametrize(("channel", "successful"), [("/service/echo", True), ("/service/fail", False)])
def test_cometd_answers_remote_calls(cometd_server: Server, channel: str, successful: bool) -> None:
    with Wire(cometd_server.url) as wire:
        wire.handshake()
        received = wire.send({"channel": channel, "data": {"a": 1}, "id": "call"})
        received += wire.connect()[1]
    [answer] = [message for message in received if "data" in message]
    assert answer == {"channel": channel, "id": "call", "data": {"a": 1}, "successful": successful}


def test_cometd_stamps_messages_when_told_to(cometd_factory: ServerFactory) -> None:
    server = cometd_factory(timestamp=True)
    with Wire(server.url) as wire:
        assert "timestamp" in wire.handshake()


def test_cometd_node_server_has_the_same_control_path(cometd_node_server: Server) -> None:
    control = cometd_node_server.control
    with Wire(cometd_node_server.url) as wire:
        _subscribed(wire, "/servers/node")
        assert control.sessions() == [ServerSession(str(wire.client_id), ("/servers/node",), held=False)]
        control.publish("/servers/node", 2)
        assert [event["data"]["seq"] for event in wire.connect()[1]] == [0, 1]
        assert not wire.publish("/denied/here", 1)["successful"]
        assert control.drop(wire.client_id) == 1
        assert not wire.connect()[0]["successful"]
