"""Real servers that restart, forget sessions and lose connections: the client and all its subscriptions come back."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from pybayeux import ConnectionState, Message
from pybayeux.errors import BayeuxError, PublishError, TransportError
from tests.servers.faults import Action, Fault
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from tests.servers.control import ServerSession
    from tests.servers.fixtures import ProxyFactory, ServerFactory
    from tests.servers.server import Server

CHANNELS = ("/back/a", "/back/b/*", "/back/c/**")
CONCRETE = ("/back/a", "/back/b/x", "/back/c/x/y")


@pytest.fixture(params=["cometd", "faye"])
def short_server(request: pytest.FixtureRequest) -> Server:
    """Holds a connect for 400 ms: CometD says only then that it has dropped a session.

    Where a new session begins while the connect of the old one is still held, CometD takes them for two windows of
    one browser and lets them take turns, every 2 s unless told otherwise.
    """
    options = {"cometd": {"timeout": 400, "multiSessionInterval": 20}, "faye": {"timeout": 400}}[request.param]
    factory: ServerFactory = request.getfixturevalue(f"{request.param}_factory")
    return factory(**options)


def is_back(sessions: list[ServerSession]) -> bool:
    """Whether there is a session that is being polled and has all subscriptions; lost ones may linger beside it."""
    return any(session.held and session.subscriptions == CHANNELS for session in sessions)


async def receive_all(client: AsyncClient) -> asyncio.Queue[Message]:
    """What comes on all the channels, in the order of arrival."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    for channel in CHANNELS:
        await client.subscribe(channel, received.put_nowait)
    return received


async def assert_all_flow(server: Server, received: asyncio.Queue[Message]) -> None:
    """Publish once on every channel and see it all arrive, once."""
    await asyncio.to_thread(server.control.wait, is_back)
    while not received.empty():
        received.get_nowait()
    for channel in CONCRETE:
        server.control.send(channel, channel)
    assert sorted([(await received.get()).data for _ in CONCRETE]) == list(CONCRETE)
    assert received.empty()


async def another_session(client: AsyncClient, journal: Journal, before: str | None) -> None:
    """Wait until the client has one. Faye publishes for a client that it does not know, and says nothing."""
    await journal.until(lambda: client.client_id not in (None, before))


async def something_arrives(server: Server, received: asyncio.Queue[Message]) -> None:
    """Publish until an event arrives: the first may be written to the connection that broke, and be lost with it."""
    while received.empty():
        server.control.send("/back/a", "sign of life")
        await asyncio.sleep(0.02)
    server.control.send("/back/a", "the last")
    while (await received.get()).data != "the last":
        pass


@pytest.mark.parametrize("end", ["stop", "kill"])
@in_loop
async def test_everything_comes_back_after_a_restart(any_factory: ServerFactory, end: str) -> None:
    server, journal = any_factory(), Journal()
    async with make_client(server.url, journal) as client:
        received = await receive_all(client)
        before = client.client_id
        await asyncio.to_thread(getattr(server, end))
        await client.wait_for("unconnected")
        await asyncio.to_thread(server.start)
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        assert client.client_id != before
        await assert_all_flow(server, received)
    assert server.control.sessions() == []
    assert journal.failures(TransportError)


@in_loop
async def test_client_waits_for_a_server_that_is_not_there_yet(any_factory: ServerFactory) -> None:
    server, journal = any_factory(), Journal()
    await asyncio.to_thread(server.stop)
    client = make_client(server.url, journal)
    starting = asyncio.create_task(client.start())
    await journal.until(lambda: len(journal.errors) >= 2)
    assert client.state == "handshaking"
    await asyncio.to_thread(server.start)
    await starting
    received = await receive_all(client)
    await assert_all_flow(server, received)
    await client.close()


@in_loop
async def test_idle_session_that_the_server_dropped(short_server: Server) -> None:
    server, journal = short_server, Journal()
    async with make_client(server.url, journal) as client:
        received = await receive_all(client)
        await asyncio.to_thread(server.control.wait, is_back)
        before = client.client_id
        assert server.control.drop() == 1
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        assert client.client_id != before
        await assert_all_flow(server, received)
    assert ConnectionState.REHANDSHAKING in journal.states
    # Faye hangs up as well where there is a WebSocket.
    assert str(journal.errors[-1]).rpartition(":")[2] in ("session_unknown", "Unknown client")
    assert len(journal.errors) <= 2


@in_loop
async def test_session_dropped_while_the_client_speaks(short_server: Server) -> None:
    server = short_server
    # Faye closes a WebSocket, and then the client cannot know what became of a publish on it.
    async with make_client(server.url, transports=["long-polling"]) as client:
        received = await receive_all(client)
        await asyncio.to_thread(server.control.wait, is_back)
        assert server.control.drop() == 1
        # The server says of this one that it knows no such session: it goes into the next one.
        reply = await client.publish("/back/a", "after")
        assert reply.successful
        await assert_all_flow(server, received)


@in_loop
async def test_session_dropped_while_events_flow(short_server: Server) -> None:
    server, journal = short_server, Journal()
    async with make_client(server.url, journal) as client, client.subscribe("/back/flow") as events:
        server.control.publish("/back/flow", 400, rate=400)
        numbers = [data["seq"] for data in await take(events, 20)]
        assert server.control.drop() == 1
        while numbers[-1] < 399:
            numbers += [data["seq"] for data in await take(events, 1)]
    assert numbers == sorted(set(numbers)), "an event came twice, or not in order"
    gaps = [second - first for first, second in pairwise(numbers) if second - first > 1]
    assert len(gaps) <= 1, "events are missing that were published while there was a session"
    assert journal.count(ConnectionState.CONNECTED) == 2


@in_loop
async def test_many_drops_in_a_row(short_server: Server) -> None:
    server, journal = short_server, Journal()
    async with make_client(server.url, journal) as client:
        received = await receive_all(client)
        for _ in range(3):
            before = client.client_id
            server.control.drop()
            await client.publish("/back/unknown", 1)
            await another_session(client, journal, before)
        await assert_all_flow(server, received)
    assert server.control.sessions() == []


@in_loop
async def test_cometd_sends_a_disconnect(cometd_factory: ServerFactory) -> None:
    server, journal = cometd_factory(), Journal()
    async with make_client(server.url, journal) as client:
        received = await receive_all(client)
        await asyncio.to_thread(server.control.wait, is_back)
        assert server.control.disconnect() == 1
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        await assert_all_flow(server, received)
    assert "/meta/disconnect" in str(journal.errors[0])


@in_loop
async def test_broken_connections_do_not_cost_the_session(
    any_factory: ServerFactory, proxy_factory: ProxyFactory
) -> None:
    server, journal = any_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    async with make_client(proxy.url, journal) as client:
        received = await receive_all(client)
        await asyncio.to_thread(server.control.wait, is_back)
        before = client.client_id
        await asyncio.to_thread(proxy.sever)
        await journal.until(lambda: ConnectionState.UNCONNECTED in journal.states)
        await something_arrives(server, received)
        await assert_all_flow(server, received)
        assert client.client_id == before
    assert ConnectionState.REHANDSHAKING not in journal.states


@in_loop
async def test_publishing_goes_on_after_a_broken_connection(
    any_factory: ServerFactory, proxy_factory: ProxyFactory
) -> None:
    server, journal = any_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    async with make_client(proxy.url, journal) as client:
        await receive_all(client)
        await asyncio.to_thread(server.control.wait, is_back)
        await asyncio.to_thread(proxy.sever)
        await journal.until(lambda: ConnectionState.UNCONNECTED in journal.states)
        # Faye answers no connect of this session before the time of the lost one is up, which is half a minute.
        async with asyncio.timeout(5):
            assert (await client.publish("/back/a", 1)).successful


@in_loop
async def test_network_outage(any_factory: ServerFactory, proxy_factory: ProxyFactory) -> None:
    server, journal = any_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    async with make_client(proxy.url, journal) as client:
        received = await receive_all(client)
        await asyncio.to_thread(proxy.refuse)
        await journal.until(lambda: len(journal.failures(TransportError)) >= 3)
        assert client.state == "unconnected"
        await asyncio.to_thread(proxy.accept)
        await something_arrives(server, received)
        await assert_all_flow(server, received)


@pytest.mark.parametrize("action", [Action.CUT, Action.RESET])
@in_loop
async def test_lost_replies_of_a_session_s_first_steps(
    any_factory: ServerFactory, proxy_factory: ProxyFactory, action: Action
) -> None:
    server, journal = any_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    faults = [
        proxy.add(Fault(action, b'"/meta/handshake"')),
        proxy.add(Fault(action, b'"/meta/connect"')),
        proxy.add(Fault(action, b'"/meta/subscribe"')),
    ]
    async with make_client(proxy.url, journal) as client:
        received = await receive_all(client)
        await assert_all_flow(server, received)
    assert [fault.struck for fault in faults] == [1, 1, 1]
    assert len(journal.failures(TransportError)) >= 3


@in_loop
async def test_lost_reply_of_a_publish_is_the_caller_s_to_judge(
    any_factory: ServerFactory, proxy_factory: ProxyFactory
) -> None:
    server = any_factory()
    proxy = await asyncio.to_thread(proxy_factory, server)
    async with make_client(proxy.url) as client, make_client(server.url) as witness:
        seen = await witness.subscribe("/back/once")
        proxy.add(Fault(Action.CUT, b'"/back/once"'))
        with pytest.raises(PublishError, match="/back/once") as failure:
            await client.publish("/back/once", 1)
        assert isinstance(failure.value.__cause__, BayeuxError)
        await client.publish("/back/once", 2)
        assert await take(seen, 2) == [1, 2]  # it was published, once: to send it again would have been wrong


@in_loop
async def test_server_goes_away_for_good_while_the_client_closes(any_factory: ServerFactory) -> None:
    server = any_factory()
    client = make_client(server.url)
    await client.start()
    await asyncio.to_thread(server.kill)
    await client.close()
    assert client.state == "disconnected"
