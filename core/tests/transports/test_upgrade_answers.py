"""What servers and proxies answer to the upgrade to a WebSocket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.transports.upgrading import answering, refused, upgraded
from core.tests.transports.websocket_site import Site, at_raw_server, in_real_time
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable


# -- what is answered


@in_real_time
async def test_the_answer_is_shown_to_extensions() -> None:
    async with Site() as site:
        await upgraded(site)
        (seen,) = site.responses
        assert (seen.status, seen.url, seen.connection_type) == (101, site.url, "websocket")
        assert seen.headers["upgrade"] == "websocket"


@pytest.mark.parametrize("status", [200, 204, 302, 400, 403, 404, 405, 410, 426, 501])
@in_real_time
async def test_refusals_that_mean_there_is_no_websocket(status: int) -> None:
    async with Site(refuse=answering(status)) as site:
        error = await refused(site)
        assert (error.status, error.unavailable, error.fatal) == (status, True, False)
        assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize("status", [401, 408, 429, 500, 502, 503, 504])
@in_real_time
async def test_refusals_that_may_pass(status: int) -> None:
    async with Site(refuse=answering(status, "because", Retry_After="7")) as site:
        error = await refused(site)
        assert (error.status, error.unavailable, error.fatal) == (status, False, False)
        assert (error.retry_after, error.body) == (7.0, "because")
        (seen,) = site.responses
        assert (seen.status, seen.headers["retry-after"]) == (status, "7")


@in_real_time
async def test_a_redirect_is_not_followed() -> None:
    async with Site() as other, Site(refuse=answering(307, Location=other.url)) as site:
        error = await refused(site)
        assert (error.status, error.unavailable) == (307, True)
        assert other.upgrades == []


@in_real_time
async def test_a_token_that_the_server_repeats_shows_nowhere() -> None:
    async with Site(refuse=answering(500, "x" * 190 + "t0k3n-t0k3n-t0k3n")) as site:
        site.on_request = lambda request: request.headers.update({"Authorization": "Bearer t0k3n-t0k3n-t0k3n"})
        assert "t0k" not in str(await refused(site))


SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        SWITCHING + b"Upgrade: h2c\r\n\r\n",
        SWITCHING + b"Upgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
        b"gibberish\r\n\r\n",
        b"",
    ],
)
@in_real_time
async def test_an_answer_that_is_no_upgrade(answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with at_raw_server(say) as url, Site(url=url) as site:
        error = await refused(site)
        assert (error.status, error.unavailable, error.fatal) == (None, True, False)
        assert "no WebSocket upgrade" in str(error)


@in_real_time
async def test_an_upgrade_that_hangs() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with at_raw_server(hang) as url, Site({"open_timeout": 0.05}, url=url) as site:
        error = await refused(site)
        assert error.unavailable
        assert "within 0.05 s" in str(error)


@in_real_time
async def test_a_port_without_a_listener() -> None:
    async with at_raw_server(lambda reader, writer: asyncio.sleep(0)) as url:
        pass
    async with Site(url=url) as site:
        error = await refused(site)
        assert (error.unavailable, error.fatal) == (False, False)
        assert "ConnectionRefusedError" in str(error)


@pytest.mark.parametrize("url", ["gopher://127.0.0.1/", "ws://127.0.0.1:77777777/", f"ws://{'a' * 64}.example/"])
@in_real_time
async def test_an_address_that_is_none_is_hopeless(url: str) -> None:
    async with Site() as site:
        site.on_request = lambda request: setattr(request, "url", url)
        assert (await refused(site)).fatal


@in_real_time
async def test_an_extension_that_fails_on_the_answer_leaves_no_socket() -> None:
    async def fail(response: Any) -> None:
        raise TransportError("no", unsent=True)

    async with Site() as site:
        site.context.on_response = fail
        await refused(site)
        await (await site.peer()).ended()


# -- proxies


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the environment name a proxy."""

    def set_proxy(url: str) -> None:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, url)
        for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)

    return set_proxy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@in_real_time
async def test_no_proxy_is_asked_for_a_server_on_this_machine(host: str, proxied: Callable[[str], None]) -> None:
    proxied("http://127.0.0.1:1")
    async with Site() as site:
        site.context.url = f"http://{host}:{site.port}/cometd"
        await upgraded(site)


@in_real_time
async def test_a_proxy_that_refuses(proxied: Callable[[str], None]) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with at_raw_server(refuse) as proxy, Site(url="http://server.invalid/cometd") as site:
        proxied(proxy.removesuffix("/cometd"))
        error = await refused(site)
        assert error.unavailable
        assert "the proxy refuses" in str(error)


@in_real_time
async def test_the_password_of_a_proxy_that_is_wrong_shows_nowhere(proxied: Callable[[str], None]) -> None:
    proxied("http://user:s3cr3t@127.0.0.1:1/path")
    async with Site(url="http://server.invalid/cometd") as site:
        assert "s3cr3t" not in str(await refused(site))
