"""The proxy cuts, breaks, stalls and delays where it is told to; CometD's acknowledgements heal what it breaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.servers.control import held
from tests.servers.faults import Action, Direction, Fault
from tests.servers.wire import Wire

if TYPE_CHECKING:
    from tests.servers.fixtures import ProxyFactory, ServerFactory
    from tests.servers.proxy import Proxy
    from tests.servers.server import Server


@pytest.fixture
def proxy(faye_server: Server, proxy_factory: ProxyFactory) -> Proxy:
    return proxy_factory(faye_server)


def _subscribed(wire: Wire, channel: str) -> None:
    wire.handshake(ext={"ack": True})
    wire.connect(ext={"ack": 0})
    wire.subscribe(channel)


def test_proxy_passes_on(proxy: Proxy, faye_server: Server) -> None:
    assert proxy.url.endswith(faye_server.path)
    assert proxy.ws_url.startswith("ws://127.0.0.1:")
    with Wire(proxy.url) as wire:
        assert wire.handshake()["successful"]
    assert proxy.connections == 1


def test_cut_reply_loses_nothing_with_acknowledgements(cometd_server: Server, proxy_factory: ProxyFactory) -> None:
    proxy = proxy_factory(cometd_server)
    with Wire(proxy.url) as wire:
        _subscribed(wire, "/proxy/ack")
        cut = proxy.add(Fault(Action.CUT))
        cometd_server.control.publish("/proxy/ack", 3)
        with pytest.raises(httpx.RemoteProtocolError):
            wire.connect(ext={"ack": 1})
        assert cut.wait()
        _, events = wire.connect(ext={"ack": 1})
    assert [event["data"]["seq"] for event in events] == [0, 1, 2]


def test_cut_reply_loses_its_events_without_acknowledgements(proxy: Proxy, faye_server: Server) -> None:
    proxy.add(Fault(Action.CUT))
    with Wire(proxy.url) as wire:
        _subscribed(wire, "/proxy/cut")
        faye_server.control.publish("/proxy/cut", 3)
        with pytest.raises(httpx.RemoteProtocolError):
            wire.connect()
        faye_server.control.publish("/proxy/cut", start=3)
        _, events = wire.connect()
    assert [event["data"]["seq"] for event in events] == [3]


def test_fault_strikes_as_often_as_told(proxy: Proxy) -> None:
    cut = proxy.add(Fault(Action.CUT, after=b"HTTP/1.1 ", times=2))
    with Wire(proxy.url) as wire:
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                wire.handshake()
        assert wire.handshake()["successful"]
    assert cut.struck == 2


def test_reset_breaks_the_connection(proxy: Proxy) -> None:
    proxy.add(Fault(Action.RESET, after=b"clientId"))
    with Wire(proxy.url) as wire, pytest.raises(httpx.NetworkError):
        wire.handshake()


def test_fault_can_strike_a_request(proxy: Proxy, faye_server: Server) -> None:
    proxy.add(Fault(Action.RESET, after=b"/meta/subscribe", direction=Direction.REQUEST))
    with Wire(proxy.url) as wire:
        wire.handshake()
        with pytest.raises(httpx.NetworkError):
            wire.subscribe("/proxy/request")
        assert wire.subscribe("/proxy/request")["successful"]
        [session] = [each for each in faye_server.control.sessions() if each.id == wire.client_id]
    assert session.subscriptions == ("/proxy/request",)


def test_stalled_reply_never_comes(proxy: Proxy) -> None:
    stall = proxy.add(Fault(Action.STALL, after=b"clientId"))
    with ThreadPoolExecutor() as threads, Wire(proxy.url) as wire:
        reply = threads.submit(wire.handshake)
        assert stall.wait()
        assert not reply.done()
        proxy.sever()
        with pytest.raises(httpx.NetworkError):
            reply.result()


def test_delayed_reply_comes_later(proxy: Proxy) -> None:
    proxy.add(Fault(Action.DELAY, after=b"clientId", seconds=0.1))
    begin = monotonic()
    with Wire(proxy.url) as wire:
        assert wire.handshake()["successful"]
    assert monotonic() - begin >= 0.1


def test_severed_poll_fails_and_the_session_lives_on(any_factory: ServerFactory, proxy_factory: ProxyFactory) -> None:
    server = any_factory()
    proxy = proxy_factory(server)
    with ThreadPoolExecutor() as threads, Wire(proxy.url) as wire:
        _subscribed(wire, "/proxy/severed")
        poll = threads.submit(wire.connect, timeout=20_000)
        server.control.wait(held)
        proxy.sever()
        with pytest.raises(httpx.NetworkError):
            poll.result()
        assert wire.subscribe("/proxy/severed/too")["successful"]


def test_refused_connections_are_accepted_again_on_the_same_port(proxy: Proxy) -> None:
    before = proxy.url
    proxy.refuse()
    with Wire(proxy.url) as wire:
        with pytest.raises(httpx.ConnectError):
            wire.handshake()
        proxy.accept()
        assert proxy.url == before
        assert wire.handshake()["successful"]


def test_proxy_before_a_stopped_server_breaks_connections(
    faye_factory: ServerFactory, proxy_factory: ProxyFactory
) -> None:
    server = faye_factory()
    proxy = proxy_factory(server)
    server.stop()
    with Wire(proxy.url) as wire:
        with pytest.raises(httpx.TransportError):  # a reset that meets the write is no NetworkError
            wire.handshake()
        server.start()
        assert wire.handshake()["successful"]
