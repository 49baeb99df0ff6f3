"""Connections through a proxy that could not be made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest

from core.tests.transports.raw_server import served
from pybayeux.transports.proxied import make_proxied_pool
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path

MOST = 2


async def dropping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that makes each tunnel, and drops what comes first."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
    await reader.read(1)
    writer.close()


async def stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that makes each tunnel, and then does nothing."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
    await reader.read()
    writer.close()


async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that makes no tunnel."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    writer.close()


def pool_for(url: str, folder: Path) -> httpcore.AsyncConnectionPool:
    return make_proxied_pool(httpx.Proxy(url), Certificate(folder).client(), max_connections=MOST)


@pytest.mark.parametrize(
    ("serve", "error"), [(dropping, httpcore.ConnectError), (refusing, httpcore.ProxyError)], ids=["dropped", "refused"]
)
def test_a_tunnel_that_fails_takes_no_place_in_the_pool(serve: Any, error: type[Exception], tmp_path: Path) -> None:
    async def run() -> None:
        async with served(serve) as port, pool_for(f"http://127.0.0.1:{port}", tmp_path) as pool:
            for _ in range(2 * MOST):
                with pytest.raises(error):
                    await pool.request("GET", "https://server.example/", extensions={"timeout": {"pool": 1}})
            assert not pool.connections

    asyncio.run(run())


def test_a_tunnel_that_is_given_up_takes_no_place_in_the_pool(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(stalling) as port, pool_for(f"http://127.0.0.1:{port}", tmp_path) as pool:
            for _ in range(2 * MOST):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await pool.request("GET", "https://server.example/")
            assert not pool.connections

    asyncio.run(run())


def test_a_connection_through_a_proxy_is_used_again() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def run() -> None:
        async with served(serve) as port:
            proxy = httpx.Proxy(f"http://127.0.0.1:{port}")
            async with make_proxied_pool(proxy, httpx.create_ssl_context()) as pool:
                for _ in range(2):
                    assert (await pool.request("GET", "http://server.example/a")).content == b"ok"

    asyncio.run(run())
    assert [line.split()[1] for line in asked] == [b"http://server.example/a"] * 2


def test_a_kind_of_proxy_that_cannot_be_used_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected a proxy of http, https, socks5 or socks5h; got http3"):
        proxy = httpx.Proxy("http://h:1")
        proxy.url = httpx.URL("http3://h:1")
        make_proxied_pool(proxy, httpx.create_ssl_context())
