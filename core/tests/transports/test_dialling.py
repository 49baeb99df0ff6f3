from __future__ import annotations

import asyncio
import json
import ssl
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMessage, InvalidProxyStatus, InvalidURI, ProxyError
from websockets.http11 import Response

from core.tests.transports.test_connecting import have_a_silent_address
from core.tests.transports.websocket_site import Site, at_raw_server, in_real_time, message, reply
from pybayeux._util.redact import Redactor
from pybayeux.errors import TransportError
from pybayeux.transports.dialling import upgrade_failure
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import Message

UNVERIFIED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("error", "fatal", "unavailable"),
    [
        (ConnectionRefusedError(111, "refused"), False, False),
        (OSError("unreachable"), False, False),
        (TimeoutError(110, "late"), False, False),
        (ssl.SSLError(1, "handshake failure"), False, False),
        (UNVERIFIED, True, False),
        (InvalidURI("gopher://", "no"), True, False),
        (UnicodeError("label too long"), True, False),
        (InvalidMessage("did not receive a valid HTTP response"), False, True),
        (InvalidProxyStatus(Response(403, "Forbidden", Headers())), False, True),
        (ProxyError("failed"), False, False),
        (ImportError("python-socks"), True, True),
    ],
)
def test_failures_without_an_answer(error: Exception, fatal: bool, unavailable: bool) -> None:
    failure = upgrade_failure(error, Redactor())
    assert (failure.fatal, failure.unavailable, failure.unsent) == (fatal, unavailable, True)


def test_an_answer_that_is_late_is_none() -> None:
    failure = upgrade_failure(TimeoutError("late"), Redactor(), waited=5.0)
    assert (str(failure), failure.unavailable, failure.unsent) == ("no answer to the upgrade within 5 s", True, True)


def test_a_failure_without_words_has_some() -> None:
    assert str(upgrade_failure(OSError(), Redactor())) == "OSError: no reason given"


def test_texts_show_no_secrets() -> None:
    redact = Redactor()
    redact.remember("t0k3n-t0k3n")
    assert "t0k" not in str(upgrade_failure(OSError("t0k3n-t0k3n"), redact))


# -- sockets


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
async def test_a_refusal_whose_body_never_comes_is_no_answer() -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nno")

    async with at_raw_server(stall) as url, Site({"open_timeout": 0.05}, url=url) as site:
        with pytest.raises(TransportError, match=r"no answer to the upgrade within 0.05 s") as caught:
            await site.transport.exchange([message("1")])
        assert (caught.value.unsent, caught.value.unavailable) == (True, True)


@in_real_time
async def test_a_ping_that_is_not_answered_ends_the_socket() -> None:
    async with Site({"ping_interval": 0.1}, max_network_delay=0.5) as site:
        sending, peer = await site.begin(message("1", "/meta/connect"))
        peer.connection.transport.pause_reading()
        with pytest.raises(TransportError, match="keepalive ping timeout"):
            await sending
        peer.connection.transport.abort()


@in_real_time
async def test_close_does_not_wait_for_the_end_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.transports.dialling._CLOSE_TIMEOUT", 0.05)
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
async def test_close_does_not_wait_for_what_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reads no more: what was sent fills the buffers, and the close frame has no room behind it."""
    monkeypatch.setattr("pybayeux.transports.dialling._CLOSE_TIMEOUT", 0.02)
    async with Site({"max_frame_size": 2**26}) as site:
        peer = await site.opened()
        peer.connection.transport.pause_reading()
        sending = asyncio.create_task(site.transport.exchange([message("1", data="x" * 2**25)]))
        await asyncio.sleep(0.01)
        await site.transport.close()
        with pytest.raises(TransportError):
            await sending
        peer.connection.transport.abort()


@in_real_time
async def test_an_address_that_does_not_answer_keeps_no_one_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    have_a_silent_address(monkeypatch)
    async with Site() as site:
        await site.opened()


class HeldResponse:
    """A hook `response` that says when it is called, and returns when it may go on."""

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def hook(self, response: object) -> None:
        self.asked.set()
        await self.go.wait()


@in_real_time
async def test_what_comes_with_the_answer_to_the_upgrade_waits_for_the_receiver() -> None:
    async with Site() as site:
        held = HeldResponse()
        site.context.on_response = held.hook
        sending = site.send(message("1"))
        peer = await site.peer()
        await held.asked.wait()
        for number in range(3):
            await peer.say({"channel": "/a", "data": number})
        await peer.connection.ping()
        held.go.set()
        await peer.heard()
        await peer.say(reply("1"))
        await sending
        assert [each.data for each in site.messages[:3]] == [0, 1, 2]


@in_real_time
async def test_a_socket_that_ends_before_it_is_used_fails_the_exchange() -> None:
    async with Site() as site:
        held = HeldResponse()
        site.context.on_response = held.hook
        sending = site.send(message("1"))
        peer = await site.peer()
        await held.asked.wait()
        peer.connection.transport.abort()
        await peer.ended()
        await asyncio.sleep(0)
        held.go.set()
        with pytest.raises(TransportError, match="the WebSocket broke"):
            await sending


@in_real_time
async def test_frames_of_one_read_are_one_batch_and_fragments_among_them_one_message() -> None:
    batches: list[list[object]] = []

    def note(messages: list[Message]) -> None:
        batches.append([each.data for each in messages])

    def text(number: int) -> bytes:
        return json.dumps([{"channel": "/a", "data": number}]).encode()

    async with Site() as site:
        peer = await site.opened()
        site.on_receive = note
        half = len(text(1)) // 2
        frames = [
            b"\x81" + bytes([len(text(0))]) + text(0),
            b"\x01" + bytes([half]) + text(1)[:half],
            b"\x89\x00",  # a ping may come between fragments
            b"\x80" + bytes([len(text(1)) - half]) + text(1)[half:],
            b"\x82" + bytes([len(text(2))]) + text(2),
        ]
        peer.connection.transport.write(b"".join(frames))
        await site.got(3)
        assert batches == [[0, 1, 2]]


@in_real_time
async def test_the_limit_of_a_message_is_for_the_sum_of_its_fragments() -> None:
    async with Site({"max_message_size": 1000}) as site:
        sending, peer = await site.begin(message("1"))
        await peer.connection.send(["x" * 400, "x" * 400, "x" * 400])
        with pytest.raises(TransportError, match="max_message_size=1000"):
            await sending


# -- the environment


@in_real_time
async def test_the_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_raw_server(lambda reader, writer: asyncio.sleep(0)) as url:
        proxy = url.removesuffix("/cometd")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with Site(url="http://server.example/cometd") as site:
        with pytest.raises(TransportError, match=f"through the proxy {proxy} of HTTP_PROXY"):
            await site.transport.exchange([message("1")])


@in_real_time
async def test_a_server_on_this_machine_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with Site() as site:
        await site.opened()


@pytest.mark.parametrize(("variable", "value"), [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("HTTPS_PROXY", "socks://h:1")])
@in_real_time
async def test_what_the_environment_has_wrong_is_hopeless(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    async with Site(url="https://server.example/cometd") as site:
        with pytest.raises(TransportError, match=variable) as caught:
            await site.transport.exchange([message("1")])
        assert caught.value.fatal


@pytest.mark.skipif(version("websockets") < "17", reason="earlier versions of websockets send headers as UTF-8")
@pytest.mark.parametrize("octets", [b"caf\xc3\xa9", b"caf\xe9", b"\x80\xff"])
@in_real_time
async def test_cookies_beyond_ascii_go_back_as_they_came(octets: bytes) -> None:
    async with Site() as site:
        site.context.cookies.take(site.url, [("Set-Cookie", f"S={octets.decode('latin-1')}; Path=/")])
        await site.opened()
        assert site.upgrades[-1].headers["Cookie"].encode("latin-1") == b"S=" + octets
