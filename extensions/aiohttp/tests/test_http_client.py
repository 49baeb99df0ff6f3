from __future__ import annotations

import asyncio
import gzip
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from core.tests.transports.websocket_site import at_raw_server, in_real_time
from extensions.aiohttp.tests.web_site import HELLO, REPLY, Site, refusing
from pybayeux import Message
from pybayeux.errors import MessageDecodeError, TransportError
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux.transports.base import TransportRequest

LARGE = "x" * 3_000_000


async def fails(site: Site) -> TransportError:
    """The failure of an exchange."""
    with pytest.raises(TransportError) as caught:
        await site.transport.exchange(HELLO)
    return caught.value


# -- what leaves and what comes back


@in_real_time
async def test_messages_leave_as_one_array_and_the_answers_come_back_as_one_batch() -> None:
    async with Site() as site:
        request = await site.send()
        assert (request.method, request.path, site.bodies) == (
            "POST",
            "/cometd",
            [[{"channel": "/meta/handshake", "id": "1"}]],
        )
        assert request.headers["Content-Type"] == "application/json;charset=UTF-8"
        ((reply,),) = site.received
        assert (reply.channel, reply.successful) == ("/meta/handshake", True)
        assert [(each.status, each.headers["content-type"]) for each in site.responses] == [
            (200, "application/json; charset=utf-8")
        ]


@in_real_time
async def test_headers_of_the_user_and_of_extensions_are_sent() -> None:
    def change(request: TransportRequest) -> None:
        request.url += "?signed=a%2Fb%3D"
        request.headers["authorization"] = "Bearer t0k3n-t0k3n"

    async with Site(headers={"X-Tenant": "7", "User-Agent": "mine"}) as site:
        site.on_request = change
        request = await site.send()
        assert request.raw_path == "/cometd?signed=a%2Fb%3D"
        sent = [request.headers[name] for name in ("X-Tenant", "User-Agent", "Authorization")]
        assert sent == ["7", "mine", "Bearer t0k3n-t0k3n"]
        assert "t0k3n" not in site.redact("is t0k3n-t0k3n in here?")


@in_real_time
async def test_large_messages_go_both_ways() -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await request.read())

    async with Site(echo) as site:
        await site.send(Message(channel="/a", id="1", data=LARGE))
        assert site.received[0][0].data == LARGE


@in_real_time
async def test_compressed_answers_are_read() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.json_response([{"channel": "/a", "data": LARGE}])
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with Site(answer) as site:
        assert "gzip" in (await site.send()).headers["Accept-Encoding"]
        assert site.received[0][0].data == LARGE


@in_real_time
async def test_one_connection_serves_one_exchange_after_the_other() -> None:
    async with Site() as site:
        for _ in range(3):
            await site.send()
        assert len({request.transport for request in site.requests}) == 1


@in_real_time
async def test_exchanges_go_on_while_another_one_is_held() -> None:
    came, go = asyncio.Event(), asyncio.Event()

    async def hold_the_first(request: web.Request) -> web.StreamResponse:
        if not came.is_set():
            came.set()
            await go.wait()
        return web.json_response(REPLY)

    async with Site(hold_the_first) as site:
        held = asyncio.create_task(site.transport.exchange(HELLO))
        await came.wait()
        await asyncio.gather(*(site.transport.exchange(HELLO) for _ in range(20)))
        assert not held.done()
        go.set()
        await held


@in_real_time
async def test_a_cancelled_exchange_is_given_up_and_its_connection_with_it() -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with Site(hang) as site:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await site.transport.exchange(HELLO)
        site.answer = None
        await site.send()
        assert len(site.received) == 1


# -- cookies, authentication


@in_real_time
async def test_cookies_are_those_of_the_session() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(REPLY, headers={"Set-Cookie": "BAYEUX_BROWSER=b1; Path=/"})

    async with Site(answer) as site:
        assert "Cookie" not in (await site.send()).headers
        assert (await site.send()).headers.getall("Cookie") == ["BAYEUX_BROWSER=b1"]
        assert site.context.cookies.header(site.url) == "BAYEUX_BROWSER=b1"


@in_real_time
async def test_user_and_password_are_sent_and_kept_secret() -> None:
    async with Site(auth=("user", "s3cr3t")) as site:
        assert (await site.send()).headers["Authorization"] == "Basic dXNlcjpzM2NyM3Q="
        assert "s3cr3t" not in site.redact("s3cr3t")


@pytest.mark.parametrize(
    ("octets", "sent"), [(b"S=caf\xc3\xa9", "S=caf\xe9"), (b"S=caf\xe9", None), (b'S="a b"', 'S="a b"')]
)
@in_real_time
async def test_cookies_beyond_ascii_are_sent_as_they_came_or_not_at_all(octets: bytes, sent: str | None) -> None:
    async with Site() as site:
        cookies = [f"{octets.decode('latin-1')}; Path=/", "good=1; Path=/cometd"]
        site.context.cookies.take(site.url, [("Set-Cookie", cookie) for cookie in cookies])
        request = await site.send()
        assert request.headers["Cookie"] == "; ".join(filter(None, ["good=1", sent]))


# -- bounds


@in_real_time
async def test_a_bomb_is_read_up_to_the_limit() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(bytes(100_000_000), 1), headers={"Content-Encoding": "gzip"})

    async with Site(answer) as site:
        assert "more than max_response_size=67108864 bytes" in str(await fails(site))


@in_real_time
async def test_an_encoding_that_was_not_asked_for_is_named() -> None:
    async with Site(refusing(200, body=b"\x1b\x0e\x00\xf8", headers={"Content-Encoding": "br"})) as site:
        error = await fails(site)
        assert "Content-Encoding 'br' cannot be decoded" in str(error)
        assert [request.headers["Accept-Encoding"] for request in site.requests] == ["gzip, deflate"]


@in_real_time
async def test_another_charset_and_a_byte_order_mark_are_read() -> None:
    text = '[{"channel":"/a","data":"caf\xe9"}]'
    for body, kind in (
        (text.encode("latin-1"), "application/json;charset=ISO-8859-1"),
        (text.encode("utf-8-sig"), "a/b"),
    ):
        async with Site(refusing(200, body=body, headers={"Content-Type": kind})) as site:
            await site.send()
            assert site.received[0][0].data == "caf\xe9"


# -- redirects


@in_real_time
async def test_a_redirect_is_followed_with_the_same_body_and_an_other_origin_gets_no_credentials() -> None:
    async with Site() as other:

        async def move(request: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": other.url})

        async with Site(move, auth=("user", "s3cr3t"), headers={"X-Token": "t0k3n-t0k3n"}) as site:
            await site.transport.exchange(HELLO)
            assert [each.status for each in site.responses] == [307, 200]
        (request,) = other.requests
        assert other.bodies == site.bodies
        assert not {"Authorization", "X-Token", "Cookie"} & set(request.headers)


@in_real_time
async def test_a_redirect_that_is_not_to_be_followed_is_a_failure() -> None:
    async with Site(refusing(302, headers={"Location": "/login"})) as site:
        error = await fails(site)
        assert (error.status, len(site.requests)) == (302, 1)
        assert "is not followed" in str(error)


@in_real_time
async def test_an_anonymous_transport_sends_nothing_that_tells_who_it_is() -> None:
    async with Site(anonymous=True) as site:
        request = await site.send()
        harmless = {"Host", "Accept", "Accept-Encoding", "User-Agent", "Content-Length", "Content-Type"}
        assert set(request.headers) <= harmless


# -- failures


@in_real_time
async def test_a_status_that_is_no_success_is_a_failure_with_what_it_says() -> None:
    async with Site(refusing(503, text="token=t0k3n-t0k3n down", headers={"Retry-After": "7"})) as site:
        error = await fails(site)
        assert str(error).startswith("HTTP 503 Service Unavailable")
        assert (error.status, error.retry_after, error.unsent, error.fatal) == (503, 7.0, False, False)
        assert "down" in str(error.body)
        assert "t0k3n-t0k3n" not in str(error.body)


@in_real_time
async def test_an_empty_answer_is_a_failure() -> None:
    async with Site(refusing(200, body=b"  ")) as site:
        assert "an empty answer" in str(await fails(site))


@in_real_time
async def test_an_answer_that_is_no_bayeux_is_a_failure() -> None:
    async with Site(refusing(200, text="<html>")) as site:
        with pytest.raises(MessageDecodeError):
            await site.transport.exchange(HELLO)


@in_real_time
async def test_a_port_without_a_listener() -> None:
    async with at_raw_server(lambda reader, writer: asyncio.sleep(0)) as url:
        pass
    async with Site(url=url) as site:
        error = await fails(site)
        assert (error.unsent, error.fatal) == (True, False)
        assert str(error).startswith("ConnectError: ")


@pytest.mark.parametrize("scheme", ["http", "https"])
@in_real_time
async def test_the_error_has_the_address_and_no_object_of_python(scheme: str) -> None:
    async with at_raw_server(lambda reader, writer: asyncio.sleep(0)) as url:
        pass
    async with Site(url=url.replace("http", scheme)) as site:
        port = urlsplit(url).port
        assert f"Cannot connect to host 127.0.0.1:{port} [Connect call failed" in str(await fails(site))


@in_real_time
async def test_a_name_that_nobody_has() -> None:
    async with Site(url="http://server.invalid/cometd") as site:
        error = await fails(site)
        assert (error.unsent, error.fatal) == (True, False)


@pytest.mark.parametrize("url", ["gopher://127.0.0.1/", "http://127.0.0.1:77777777/", "/cometd"])
@in_real_time
async def test_an_address_that_is_none_is_hopeless(url: str) -> None:
    async with Site() as site:
        site.on_request = lambda request: setattr(request, "url", url)
        assert (await fails(site)).fatal


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{", b"nonsense\r\n\r\n"],
    ids=["nothing", "half", "no"],
)
@in_real_time
async def test_a_connection_that_breaks(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async with at_raw_server(answer) as url, Site(url=url) as site:
        error = await fails(site)
        assert (error.unsent, error.fatal, error.status) == (False, False, None)


@in_real_time
async def test_a_connection_that_cannot_be_made_in_time_has_left_nothing() -> None:
    # A handshake of TLS that nobody answers.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/cometd"
        async with Site(url=url, max_network_delay=0.05) as site:
            error = await fails(site)
            assert (error.unsent, error.fatal) == (True, False)
            assert str(error).startswith("ConnectTimeout: ")


@in_real_time
async def test_an_answer_may_take_longer_than_a_connection() -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return web.json_response(REPLY)

    async with Site(late, max_network_delay=0.05) as site:
        await site.send()
        assert len(site.received) == 1


@in_real_time
async def test_a_certificate_that_does_not_verify_is_hopeless(tmp_path: Path) -> None:
    async with Site(tls=Certificate(tmp_path).server()) as site:
        error = await fails(site)
        assert (error.unsent, error.fatal) == (True, True)


@in_real_time
async def test_a_certificate_that_httpx_trusts_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with Site(tls=certificate.server()) as site:
        await site.send()
        await site.send()
        assert len(site.received) == 2


@in_real_time
async def test_a_closed_transport_sends_nothing() -> None:
    async with Site() as site:
        await site.transport.close()
        error = await fails(site)
        assert error.unsent


# -- options


@in_real_time
async def test_a_limited_answer_is_read_as_far_as_it_is_allowed() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"[" * 1000)

    async with Site(options={"max_response_size": 10_000}) as site:
        await site.send()
        site.answer = endless
        assert "max_response_size=10000" in str(await fails(site))


@in_real_time
async def test_the_options_of_long_polling_are_there() -> None:
    async with Site(options={"append_message_type": True, "max_request_size": 60}) as site:
        assert (await site.send()).path == "/cometd/handshake"
        site.bodies.clear()
        await site.transport.exchange([Message(channel="/a", id=str(number), data="x") for number in range(3)])
        assert [len(body) for body in site.bodies] == [1, 1, 1]
