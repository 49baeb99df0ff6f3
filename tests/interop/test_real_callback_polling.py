"""A client of ours and real servers by callback-polling: messages in the address of a GET, answers as scripts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import BayeuxClient, hookimpl
from pybayeux.errors import PublishError, TransportError
from tests.support.clients import make_client, take
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportRequest
    from tests.servers.fixtures import PeerFactory
    from tests.servers.server import Server

POLLING = ["callback-polling"]


class Addresses:
    """Notes the address of every request."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        assert request.connection_type == "callback-polling"
        self.seen.append(request.url)


def make_low_level(server: Server, addresses: Addresses, **options: Any) -> BayeuxClient:
    """A low-level client that polls so."""
    return BayeuxClient(
        server.url,
        extensions=[addresses],
        discover=False,
        transports=POLLING,
        transport_options={"callback-polling": options},
    )


@in_loop
async def test_conversation_in_addresses(any_server: Server) -> None:
    addresses = Addresses()
    async with make_low_level(any_server, addresses) as client:
        (handshake,) = await client.handshake()
        assert "callback-polling" in (handshake.supported_connection_types or ())
        assert [reply.successful for reply in await client.subscribe(["/jsonp/talk"])] == [True]
        replies = await client.publish("/jsonp/talk", "Grüße & ☃ = +%\u2028")
        replies += await client.connect()
        assert "Grüße & ☃ = +%\u2028" in [event.data for event in replies if event.channel == "/jsonp/talk"]
        assert "/meta/disconnect" in [reply.channel for reply in await client.disconnect() if reply.successful]
    assert all("jsonp=" in address and len(address) <= 2000 for address in addresses.seen)


@in_loop
async def test_long_batch_is_split(any_server: Server) -> None:
    addresses = Addresses()
    channels = [f"/jsonp/split/{number:03}" for number in range(60)]
    async with make_low_level(any_server, addresses) as client:
        await client.handshake()
        before = len(addresses.seen)
        replies = await client.subscribe(channels)
        assert [reply.subscription for reply in replies] == channels
        assert len(addresses.seen) - before > 2
        assert max(map(len, addresses.seen)) <= 2000
        await client.disconnect()


@in_loop
async def test_longer_addresses_where_they_are_allowed(any_server: Server) -> None:
    addresses = Addresses()
    async with make_low_level(any_server, addresses, max_uri_length=6000) as client:
        await client.handshake()
        await client.publish("/jsonp/long", "x" * 4000)
        assert 4000 < len(addresses.seen[-1]) <= 6000
        with pytest.raises(TransportError, match="max_uri_length is 6000"):
            await client.publish("/jsonp/long", "x" * 7000)
        await client.disconnect()


@in_loop
async def test_client_that_stays_connected(any_server: Server) -> None:
    addresses = Addresses()
    async with (
        make_client(any_server.url, addresses, transports=POLLING) as client,
        client.subscribe("/jsonp/events/*") as events,
    ):
        any_server.control.send("/jsonp/events/sent", {"n": 0})
        assert await take(events, 1) == [{"n": 0}]
        replies = await asyncio.gather(*(client.publish("/jsonp/events/own", number) for number in range(200)))
        assert all(reply.successful for reply in replies)
        assert sorted(await take(events, 200)) == list(range(200)), "they come with two answers at a time"
        with pytest.raises(PublishError, match="max_uri_length"):
            await client.publish("/jsonp/events/own", "x" * 3000)
        await client.publish("/jsonp/events/own", "after it")
        assert await take(events, 1) == ["after it"]
    assert max(map(len, addresses.seen)) <= 2000


@pytest.mark.parametrize("kind", ["cometd", "faye"])
@in_loop
async def test_clients_by_others_are_heard(kind: Any, any_server: Server, peer_factory: PeerFactory) -> None:
    peer = peer_factory(kind, any_server.url)
    async with (
        make_client(any_server.url, transports=POLLING) as client,
        client.subscribe(f"/jsonp/from-{kind}") as events,
    ):
        await asyncio.to_thread(peer.publish, f"/jsonp/from-{kind}", ["réply\u2029", 2])
        assert await take(events, 1) == [["réply\u2029", 2]]
