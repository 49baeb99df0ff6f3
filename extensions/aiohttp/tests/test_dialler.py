"""Which upgrades picows makes, which it leaves to websockets, and that none leaves a socket."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.transports.upgrading import answering, refused
from core.tests.transports.websocket_site import Site, at_raw_server, in_real_time, message, reply
from extensions.aiohttp.tests.over_picows import use_picows
from pybayeux import TransportContext, UpgradeCall
from pybayeux._util.redact import Redactor
from pybayeux.errors import TransportError
from pybayeux.transports.base import DONE
from pybayeux_aiohttp.dialler import Dialler
from pybayeux_aiohttp.web_socket import WebSocket
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path

CALL = UpgradeCall(
    "ws://127.0.0.1:1/cometd",
    (),
    subprotocol=None,
    compression=False,
    max_message_size=None,
    open_timeout=5.0,
    ping_interval=None,
    ping_timeout=5.0,
    ssl=None,
)


@pytest.fixture(autouse=True)
def over_picows(monkeypatch: pytest.MonkeyPatch) -> None:
    use_picows(monkeypatch)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def _nothing(about: object) -> None:
    pass


def dialler(left: list[str] | None = None) -> Dialler:
    context = TransportContext("http://server/", lambda messages: DONE, _nothing, _nothing, Redactor())
    return Dialler(context, ([] if left is None else left).append)


def is_over_picows(site: Site) -> bool:
    return isinstance(site.transport._sockets[-1]._connection, WebSocket)


@in_real_time
async def test_a_socket_is_one_of_picows() -> None:
    async with Site() as site:
        await site.opened()
        assert is_over_picows(site)
        assert site.upgrades[0].headers["User-Agent"].startswith("picows/")


@in_real_time
async def test_a_user_agent_of_the_users_is_the_only_one() -> None:
    async with Site(headers={"user-agent": "mine"}) as site:
        await site.opened()
        assert site.upgrades[0].headers.get_all("User-Agent") == ["mine"]


ADDRESS, HEADERS = "the kind of address", "headers that are not UTF-8"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (replace(CALL, compression=True), "compression"),
        (replace(CALL, url="ws://server/cometd;jsessionid=1"), ADDRESS),
        (replace(CALL, url="ws://user:pass@server/cometd"), ADDRESS),
        (replace(CALL, url="ws://server/cometd#part"), ADDRESS),
        (replace(CALL, url="ws://sërver/cometd"), ADDRESS),
        (replace(CALL, url="ws://server:0/cometd"), ADDRESS),
        (replace(CALL, url="gopher://server/cometd"), ADDRESS),
        (replace(CALL, url="ws://server:77777777/"), ADDRESS),
        (replace(CALL, headers=[("X-Token", "a\r\nHost: other")]), HEADERS),
        (replace(CALL, headers=[("Cookie", "a=\xe9")]), HEADERS),
        (replace(CALL, headers=[("Cookie", "a=☃")]), HEADERS),
    ],
)
@in_real_time
async def test_what_picows_cannot_do_is_left_to_the_built_in_library(call: UpgradeCall, reason: str) -> None:
    left: list[str] = []
    assert await dialler(left)(call) is None
    assert left == [reason]


@in_real_time
async def test_a_server_behind_a_proxy_is_left_to_the_built_in_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await dialler()(replace(CALL, url="ws://server.example/cometd")) is None


@in_real_time
async def test_a_refusal_whose_body_is_there_is_asked_for_once() -> None:
    async with Site(refuse=answering(503, "not now")) as site:
        error = await refused(site)
        assert (error.status, error.body, len(site.upgrades)) == (503, "not now", 1)


@in_real_time
async def test_a_refusal_whose_body_comes_later_is_read_to_its_end_by_the_built_in_library() -> None:
    asked: list[None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(None)
        writer.write(b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"7\r\nnot now\r\n0\r\n\r\n")

    async with at_raw_server(answer) as url, Site(url=url) as site:
        error = await refused(site)
        assert (error.status, error.body, len(asked)) == (503, "not now", 2)


@in_real_time
async def test_an_answer_that_picows_does_not_take_is_taken_by_the_built_in_library() -> None:
    def reword(connection: Any, request: Any, response: Any) -> None:
        del response.headers["Connection"]
        response.headers["Connection"] = "keep-alive, Upgrade"  # a list (RFC 9110, section 7.6.1)

    async with Site(served={"process_response": reword}) as site:
        sending = site.send(message("1"))
        await (await site.peer()).ended()  # the one of picows
        peer = await site.peer()
        await peer.heard()
        await peer.say(reply("1"))
        await sending
        assert not is_over_picows(site)


@in_real_time
async def test_an_extension_that_was_not_asked_for_is_no_upgrade() -> None:
    def add(connection: Any, request: Any, response: Any) -> None:
        response.headers["Sec-WebSocket-Extensions"] = "permessage-deflate"

    async with Site(served={"process_response": add}) as site:
        error = await refused(site)
        assert error.unavailable
        assert "extension" in str(error)
        await (await site.peer()).ended()


@pytest.mark.parametrize("secure", ["", "client", "client and server"])
@in_real_time
async def test_an_upgrade_that_is_given_up_leaves_no_connection(secure: str, tmp_path: Path) -> None:
    """With TLS on one side only, it is the handshake of TLS that is given up."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()
        ended.set()
        writer.close()

    certificate = Certificate(tmp_path)
    tls = certificate.server() if "server" in secure else None
    server = await asyncio.start_server(hang, "127.0.0.1", 0, ssl=tls)
    url = f"{'wss' if secure else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    dialling = asyncio.ensure_future(dialler()(replace(CALL, url=url, ssl=certificate.client() if secure else None)))
    await asked.wait()
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    await ended.wait()
    server.close()


@in_real_time
async def test_errors_of_certificates_are_those_of_the_ssl_module(tmp_path: Path) -> None:
    async with Site(served={"ssl": Certificate(tmp_path).server()}) as site:
        with pytest.raises(ssl.SSLCertVerificationError):
            await dialler()(replace(CALL, url=f"wss://127.0.0.1:{site.port}/"))


@in_real_time
async def test_a_connection_that_ends_before_the_answer_is_no_upgrade() -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with at_raw_server(end) as url:
        with pytest.raises(TransportError, match="no WebSocket upgrade: the connection was closed"):
            await dialler()(replace(CALL, url=url.replace("http", "ws")))


@pytest.mark.skipif(version("websockets") < "17", reason="a server of earlier versions sends headers as UTF-8")
@in_real_time
async def test_headers_of_the_answer_are_given_octet_by_octet() -> None:
    def add(connection: Any, request: Any, response: Any) -> None:
        response.headers["Set-Cookie"] = "S=caf\xc3\xa9; Path=/"

    async with Site(served={"process_response": add}) as site:
        await site.opened()
        assert is_over_picows(site)
        sending = site.send(message("1"))
        sending.cancel()
        await asyncio.wait([sending])
        assert site.context.cookies.header(site.url) == "S=caf\xc3\xa9"
