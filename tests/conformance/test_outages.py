"""Behaviours of a client whose network or server goes away: it comes back, with everything it had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pybayeux import BayeuxError, ConnectionState, Message, hookimpl
from pybayeux.errors import ConnectError, TransportError
from tests.conformance.servers import behaviour, on
from tests.conformance.traffic import Traffic
from tests.support.clients import make_client, take
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportRequest
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

HANDSHAKE: Final = "/meta/handshake"
SHORT: Final[dict[str, Any]] = {"timeout": 400, "instead": {"devserver": {"timeout": 0.4}}}
"""Servers that hold a connect for 0.4 seconds. Faye answers no other one before the time of a lost one is up."""


async def arrives(target: Target, channel: str, received: list[Any]) -> None:
    """Publish until something arrives: what is written to a connection that has broken is lost with it."""
    while not received:
        await target.send(channel, "sign of life")
        await asyncio.sleep(0.02)


# -- outages


@behaviour("C05")
@on("cometd", "faye", "cometd-node", "devserver", **SHORT)
@in_loop
async def test_temporary_failure_is_unconnected_then_connected(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        session = client.client_id
        await target.held(session)
        await asyncio.to_thread(proxy.sever)
        await traffic.connected(2)
        assert client.client_id == session
    between = traffic.states[traffic.states.index(ConnectionState.CONNECTED) + 1 :]
    assert between[:2] == ["unconnected", "connected"]
    assert isinstance(traffic.errors[0], TransportError)


@behaviour("C10")
@on("cometd", "faye", "cometd-node", "devserver", **SHORT)
@in_loop
async def test_short_outage_keeps_the_session(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    received: list[Any] = []
    async with target.client(traffic) as client:
        await client.subscribe("/conformance/outage", received.append)
        session = client.client_id
        await asyncio.to_thread(proxy.refuse)
        await traffic.until(lambda: len(traffic.failures(TransportError)) >= 2)
        assert client.state == "unconnected"
        await asyncio.to_thread(proxy.accept)
        await traffic.connected(2)
        await arrives(target, "/conformance/outage", received)
        assert client.client_id == session
    assert ConnectionState.REHANDSHAKING not in traffic.states


@behaviour("C10")
@on(
    "cometd",
    "faye",
    "cometd-node",
    "devserver",
    instead={
        "cometd": {"timeout": 200, "maxInterval": 200, "sweepPeriod": 50},
        "faye": {"timeout": 150},  # it forgets a client after twice that time
        "devserver": {"max_interval": 0.2},
    },
    timeout=200,
    maxInterval=200,
)
@in_loop
async def test_long_outage_costs_the_session_and_nothing_else(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    received: list[Any] = []
    async with target.client(traffic) as client:
        await client.subscribe("/conformance/outage", received.append)
        session = client.client_id
        await asyncio.to_thread(proxy.refuse)
        await target.no_sessions()
        await asyncio.to_thread(proxy.accept)
        await traffic.connected(2)
        await arrives(target, "/conformance/outage", received)
        assert client.client_id not in (None, session)
    assert ConnectionState.REHANDSHAKING in traffic.states


@behaviour("C11")
@on("cometd", timeout=200, maxInterval=200, handshakeReconnect=True)  # it alone advises it
@in_loop
async def test_outage_longer_than_the_advised_max_interval_ends_in_a_handshake(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        advice = traffic.answers(HANDSHAKE)[0].advice
        assert advice is not None
        assert advice.max_interval == 200
        await asyncio.to_thread(proxy.refuse)
        # Without the advice there would be connects for ever.
        await traffic.until(lambda: len(traffic.asked(HANDSHAKE)) >= 2)
        await asyncio.to_thread(proxy.accept)
        await client.wait_for("connected")
    assert len(traffic.failures(TransportError)) >= 2


@behaviour("C06", "C12", "C13")
@on("cometd", "faye", "cometd-node", "devserver", interval=0)
@in_loop
async def test_everything_comes_back_after_a_restart(target: Target) -> None:
    traffic = Traffic()
    channels = ["/conformance/back/*", "/conformance/restart"]
    async with target.client(traffic) as client:
        received: asyncio.Queue[Message] = asyncio.Queue()
        for channel in channels:
            await client.subscribe(channel, received.put_nowait)
        before = client.client_id
        await target.restart()
        await traffic.connected(2)
        assert client.client_id not in (None, before)
        await traffic.until(lambda: len(traffic.answers("/meta/subscribe")) >= 2 * len(channels))
        assert await target.subscribed(client.client_id) == channels
        for channel in ("/conformance/back/x", "/conformance/restart"):
            await target.send(channel, channel)
            assert (await received.get()).data == channel
        assert received.empty()
    assert await target.sessions() == []
    lost = [error for error in traffic.errors if isinstance(error, ConnectError)]
    assert [error.error and error.error.is_unknown_client for error in lost] == [True]


# -- another way to the server


class Detour:
    """After a failure sends the client's requests to another address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.failed_once = False

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.failed_once = self.failed_once or isinstance(error, TransportError)

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        if self.failed_once:
            scheme, query = request.url.partition(":")[0], request.url.partition("?")
            request.url = f"{scheme}:{self.url.partition(':')[2]}{query[1]}{query[2]}"


@behaviour("C20")
@on("cometd", "faye", "cometd-node", "devserver", **SHORT)
@in_loop
async def test_address_can_be_changed_after_a_failure(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    received: list[Any] = []
    async with target.client(traffic, Detour(target.endpoint.url)) as client:
        await client.subscribe("/conformance/detour", received.append)
        session = client.client_id
        await asyncio.to_thread(proxy.refuse)  # and it stays so
        await traffic.connected(2)
        await arrives(target, "/conformance/detour", received)
        assert client.client_id == session


class Blocked:
    """A network through which no WebSocket comes: the upgrade goes astray."""

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        if request.connection_type == "websocket":
            request.url = f"{request.url.rpartition('/')[0]}/astray"


@behaviour("C20")
@on("cometd", "faye", "devserver", transports=["websocket"])
@in_loop
async def test_transport_is_changed_after_a_failure(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic, Blocked(), transports=["websocket", "long-polling"], max_network_delay=1)
    async with client, client.subscribe("/conformance/blocked") as events:
        assert client.connection_type == "long-polling"
        await target.held(client.client_id)
        await target.send("/conformance/blocked", 1)
        assert await take(events, 1) == [1]
    assert len(traffic.asked(HANDSHAKE)) == 1, "the session is the same"
    assert [type(error) for error in traffic.errors] == [TransportError]


@behaviour("C15", where="devserver long-polling")
@in_loop
async def test_another_host_is_gone_to_when_it_is_advised(bayeux_server_factory: ServerFactory) -> None:
    other = await asyncio.to_thread(bayeux_server_factory)
    unused, there = "127.0.0.1:9", other.url.split("/")[2]
    server = await asyncio.to_thread(bayeux_server_factory, advice={"hosts": [unused, there]})
    traffic = Traffic()
    async with make_client(server.url, traffic) as client, client.subscribe("/conformance/moved") as events:
        await asyncio.to_thread(server.faults.drop_sessions)
        await traffic.connected(2)
        assert client.url == other.url
        assert other.sessions == [client.client_id]
        await asyncio.to_thread(other.received, "/meta/subscribe")
        await asyncio.to_thread(other.publish, "/conformance/moved", 1)
        assert await take(events, 1) == [1]
    assert len(traffic.asked(HANDSHAKE)) == 3, "one of them at the host where nothing listens"
