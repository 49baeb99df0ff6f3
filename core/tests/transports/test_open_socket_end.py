"""The end of a socket is reported: nothing that a server had sent may be lost silently."""

from __future__ import annotations

import asyncio

import pytest

from core.tests.transports.websocket_site import Site, in_real_time, message, reply
from pybayeux.errors import BayeuxError, TransportError

CONNECT = "/meta/connect"


class BreakRecorder:
    """Records the errors of sockets that broke."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []
        self.news = asyncio.Event()

    def __call__(self, error: BayeuxError) -> None:
        self.errors.append(error)
        self.news.set()


@in_real_time
async def test_a_socket_that_breaks_between_two_connects_is_reported() -> None:
    breaks = BreakRecorder()
    async with Site(broken=breaks) as site:
        peer = await site.opened()
        peer.connection.transport.abort()
        await breaks.news.wait()
    [error] = breaks.errors
    assert isinstance(error, TransportError)


@in_real_time
async def test_a_break_is_reported_even_if_a_publish_fails_too() -> None:
    breaks = BreakRecorder()
    async with Site(broken=breaks) as site:
        publish, peer = await site.begin(message("1", "/a"))
        peer.connection.transport.abort()
        with pytest.raises(TransportError):
            await publish
        await breaks.news.wait()
    assert len(breaks.errors) == 1


@in_real_time
async def test_a_connect_under_way_fails_and_that_is_enough() -> None:
    breaks = BreakRecorder()
    async with Site(broken=breaks) as site:
        connect, peer = await site.begin(message("1", CONNECT))
        peer.connection.transport.abort()
        with pytest.raises(TransportError):
            await connect
    assert breaks.errors == []


@in_real_time
async def test_a_socket_that_the_client_closes_is_not_reported() -> None:
    breaks = BreakRecorder()
    async with Site(broken=breaks) as site:
        await site.opened()
    assert breaks.errors == []


# -- replaced by another


@in_real_time
async def test_a_renewed_transport_opens_another_socket_and_closes_the_old_one() -> None:
    breaks = BreakRecorder()
    async with Site(broken=breaks) as site:
        old = await site.opened()
        site.transport.renew()
        sending, new = await site.begin(message("1"))
        await old.ended()
        await new.say(reply("1"))
        await sending
    assert len(site.upgrades) == 2
    assert breaks.errors == []


@in_real_time
async def test_exchanges_under_way_end_on_the_old_socket() -> None:
    async with Site() as site:
        publish, old = await site.begin(message("1", "/a"))
        site.transport.renew()
        handshake, new = await site.begin(message("2", "/meta/handshake"))
        await new.say(reply("2", "/meta/handshake"))
        await handshake
        assert not publish.done()
        await old.say(reply("1", "/a"))
        await publish
        await old.ended()


@in_real_time
async def test_a_transport_without_a_socket_has_nothing_to_renew() -> None:
    async with Site() as site:
        site.transport.renew()
        await site.opened()
    assert len(site.upgrades) == 1
