"""Long-polling over aiohttp and real servers, under a client: what makes a session, and what it survives.

The other tests of behaviour by long-polling run over aiohttp too where the environment asks for it, see
`tests.support.clients`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pybayeux import BayeuxClient, hookimpl
from pybayeux_ack import Ack
from pybayeux_aiohttp import Aiohttp
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from pybayeux.transports.base import TransportResponse
    from tests.servers.fixtures import ProxyFactory, ServerFactory
    from tests.servers.server import Server

MANY = 5_000


class Cookies:
    """Notes which answers set a cookie."""

    def __init__(self) -> None:
        self.set: list[bool] = []

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        self.set.append("Set-Cookie" in response.headers)


def over_aiohttp(url: str, *extensions: object, **arguments: Any) -> AsyncClient:
    """A client that has no other transport."""
    return make_client(url, Aiohttp(), *extensions, transports=["long-polling"], **arguments)


@in_loop
async def test_a_session_from_the_handshake_to_the_disconnect(any_server: Server) -> None:
    journal = Journal()
    channel = "/aio/talk"
    async with over_aiohttp(any_server.url, journal) as client, client.subscribe(channel) as events:
        assert client.connection_type == "long-polling"
        assert (await client.publish(channel, {"text": "Grüße ☃"})).successful
        assert await take(events, 1) == [{"text": "Grüße ☃"}]
        client_id = client.client_id
    assert client_id not in [session.id for session in any_server.control.sessions()]
    assert journal.errors == []


@in_loop
async def test_the_low_level(any_server: Server) -> None:
    extensions = [Aiohttp()]
    async with BayeuxClient(any_server.url, extensions=extensions, discover=False, transports=["long-polling"]) as low:
        await low.handshake()
        assert any(reply.successful for reply in await low.subscribe(["/aio/low"]))
        assert any(reply.successful for reply in await low.publish("/aio/low", 1))
        await low.disconnect()


@in_loop
async def test_a_held_connect_brings_events_at_once(any_server: Server) -> None:
    channel = "/aio/held"
    async with over_aiohttp(any_server.url) as client, client.subscribe(channel) as events:
        for number in range(5):
            any_server.control.send(channel, number)
            async with asyncio.timeout(5):
                assert await take(events, 1) == [number]


@in_loop
async def test_thousands_of_events_keep_their_order(any_server: Server) -> None:
    channel = "/aio/fast"
    async with over_aiohttp(any_server.url) as client, client.subscribe(channel) as events:
        await asyncio.to_thread(any_server.control.publish, channel, MANY)
        assert [data["seq"] for data in await take(events, MANY)] == list(range(MANY))


@in_loop
async def test_publishes_of_many_tasks_are_each_answered(any_server: Server) -> None:
    async with over_aiohttp(any_server.url) as client:
        replies = await asyncio.gather(*(client.publish("/aio/tasks", number) for number in range(200)))
        assert all(reply.successful for reply in replies)


@in_loop
async def test_a_dropped_session_is_begun_anew(any_factory: ServerFactory) -> None:
    server = any_factory(timeout=500)
    async with over_aiohttp(server.url) as client, client.subscribe("/aio/dropped") as events:
        before = client.client_id
        await asyncio.to_thread(server.control.drop)
        await asyncio.to_thread(
            server.control.wait,
            lambda sessions: any("/aio/dropped" in each.subscriptions and each.id != before for each in sessions),
        )
        server.control.send("/aio/dropped", 1)
        assert await take(events, 1) == [1]


@in_loop
async def test_a_server_that_restarts_is_found_again(any_factory: ServerFactory) -> None:
    server = any_factory(timeout=500)
    async with over_aiohttp(server.url) as client, client.subscribe("/aio/restart") as events:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(
            server.control.wait, lambda sessions: any("/aio/restart" in each.subscriptions for each in sessions)
        )
        server.control.send("/aio/restart", 1)
        assert await take(events, 1) == [1]


@in_loop
async def test_a_reset_costs_no_session(any_server: Server, proxy_factory: ProxyFactory) -> None:
    proxy = proxy_factory(any_server)
    channel = "/aio/reset"
    async with over_aiohttp(proxy.url) as client, client.subscribe(channel) as events:
        before = client.client_id
        await asyncio.to_thread(proxy.sever)
        while not events.pending:  # what is sent to the connection that broke is lost
            any_server.control.send(channel, 1)
            await asyncio.sleep(0.02)
        assert client.client_id == before


@in_loop
async def test_cometd_ties_the_session_to_its_cookie(cometd_server: Server) -> None:
    cookies = Cookies()
    async with over_aiohttp(cometd_server.url, cookies) as client:
        for number in range(3):
            assert (await client.publish("/aio/cookie", number)).successful
    # Given once, and sent from then on: otherwise CometD gives another one with each answer.
    assert cookies.set.count(True) <= 1
    assert cookies.set[0]


@in_loop
async def test_acknowledged_events_survive_a_reset(cometd_server: Server, proxy_factory: ProxyFactory) -> None:
    proxy = proxy_factory(cometd_server)
    channel = "/aio/ack"
    async with over_aiohttp(proxy.url, Ack()) as client, client.subscribe(channel) as events:
        for number in range(20):
            cometd_server.control.send(channel, number)
            if number % 7 == 3:
                await asyncio.to_thread(proxy.sever)
        assert await take(events, 20) == list(range(20))
