"""What is this library's own about opening and closing; the rest is in `test_same_websocket`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from core.tests.transports.websocket_site import Site, at_raw_server, in_real_time, message, reply
from extensions.aiohttp.tests.certificate import Certificate
from pybayeux.errors import TransportError
from pybayeux_aiohttp.dialling import Dialler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def over_aiohttp() -> Iterator[None]:
    Site.dialler = Dialler
    yield
    Site.dialler = None


@in_real_time
async def test_close_does_not_wait_long_for_a_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux_aiohttp.dialling._CLOSE_TIMEOUT", 0.05)
    async with Site() as site:
        peer = await site.opened()
        peer.connection.transport.pause_reading()
        await site.transport.close()
        peer.connection.transport.abort()


@in_real_time
async def test_close_does_not_wait_for_the_end_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux_aiohttp.socket._PATIENCE", 0.05)

    async with Site() as site:
        peer = await site.opened()
        peer.connection.transport.pause_reading()

        async def flood() -> None:
            while True:
                await peer.say({"channel": "/a", "data": "x"})
                await asyncio.sleep(0.001)

        flooding = asyncio.create_task(flood())
        await site.got(3)
        await site.transport.close()
        flooding.cancel()
        await asyncio.wait([flooding])
        peer.connection.transport.abort()


@in_real_time
async def test_a_socket_over_tls(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    site = Site({"ssl": certificate.client()}, served={"ssl": certificate.server()})
    async with site:
        site.context.url = f"https://127.0.0.1:{site.port}/cometd"
        sending, peer = await site.begin(message("1"))
        await peer.say(reply("1"))
        await sending


@in_real_time
async def test_a_certificate_that_does_not_verify_is_hopeless(tmp_path: Path) -> None:
    async with Site(served={"ssl": Certificate(tmp_path).server()}) as site:
        site.context.url = f"https://127.0.0.1:{site.port}/cometd"
        with pytest.raises(TransportError) as caught:
            await site.transport.exchange([message("1")])
        assert (caught.value.fatal, caught.value.unsent) == (True, True)


@in_real_time
async def test_the_body_of_a_refusal_is_read_no_further_than_a_megabyte() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4000000\r\n\r\nno")
        writer.write(b"!" * 2**20)  # the rest never comes

    async with at_raw_server(endless) as url, Site(url=url) as site:
        with pytest.raises(TransportError) as caught:
            await site.transport.exchange([message("1")])
        assert caught.value.status == 503
        assert str(caught.value.body).startswith("no")


@in_real_time
async def test_a_refusal_whose_body_never_comes_is_one_all_the_same() -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\nRetry-After: 7\r\n\r\nno")

    async with at_raw_server(stall) as url, Site({"open_timeout": 0.05}, url=url) as site:
        with pytest.raises(TransportError) as caught:
            await site.transport.exchange([message("1")])
        assert (caught.value.status, caught.value.retry_after, caught.value.unavailable) == (503, 7.0, False)


@in_real_time
async def test_a_ping_that_is_not_answered_ends_the_socket() -> None:
    async with Site({"ping_interval": 0.05}) as site:
        sending, peer = await site.begin(message("1", "/meta/connect"))
        peer.connection.transport.pause_reading()
        with pytest.raises(TransportError, match="broke: No PONG"):
            await sending
        peer.connection.transport.abort()


@in_real_time
async def test_a_redirect_is_a_refusal() -> None:
    asked: list[str] = []

    async def move(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(move))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Site(url=f"http://127.0.0.1:{runner.addresses[0][1]}/cometd") as site:
        with pytest.raises(TransportError) as caught:
            await site.transport.exchange([message("1")])
        assert (caught.value.status, asked) == (307, ["/cometd"])
    await runner.cleanup()
