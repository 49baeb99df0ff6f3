"""Behaviours of the way to the server: sizes, cookies, headers, proxies, addresses, and what of it can be watched."""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pybayeux import BayeuxError, Channel, Message, hookimpl
from pybayeux._util.urls import at_host, host_of, parse_endpoint
from pybayeux.errors import ExtensionHookError, PublishError, TransportError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Direction, Fault
from tests.support.clients import make_client, take
from tests.support.forward_proxy import ForwardProxy
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportRequest, TransportResponse
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")
HTTP = ("long-polling", "callback-polling")


@behaviour("T10")
@on(*EVERYWHERE)
@in_loop
async def test_a_large_event_that_comes_slowly(target: Target, proxy: Proxy) -> None:
    journal, large = Journal(), "x" * 500_000
    async with target.client(journal, max_network_delay=5) as client, client.subscribe("/conformance/large") as events:
        await target.held(client.client_id)
        slow = proxy.add(Fault(Action.DELAY, b"xxxx", times=2, seconds=0.2))
        await target.send("/conformance/large", large)
        assert await take(events, 1) == [large]
        assert slow.struck == 2
        await client.publish("/conformance/large", "small")
        assert await take(events, 1) == ["small"]
    assert journal.errors == []


_WHOLE = ["long-polling", "websocket"]  # an address holds no large message


@behaviour("T10")
@on(*EVERYWHERE, transports=_WHOLE)
@in_loop
async def test_a_large_publish(target: Target) -> None:
    await _there_and_back(target, "e" * 40_000)


@behaviour("T10")
@on("cometd", "faye", "devserver", transports=_WHOLE)  # cometd-nodejs garbles a character that comes in two pieces
@in_loop
async def test_a_large_publish_beyond_ascii(target: Target) -> None:
    await _there_and_back(target, "é" * 20_000)


async def _there_and_back(target: Target, data: str) -> None:
    async with target.client() as client, client.subscribe("/conformance/large-publish") as events:
        await client.publish("/conformance/large-publish", data)
        assert await take(events, 1) == [data]


# -- cookies


@behaviour("T11")
@on("cometd", "cometd-node", "devserver", transports=HTTP)  # Faye sets no cookie
@in_loop
async def test_the_cookie_of_a_session_goes_with_every_request(target: Target, proxy: Proxy) -> None:
    tap = Tap()
    sent = proxy.add(Fault(Action.DELAY, b"BAYEUX_BROWSER=", times=1_000, direction=Direction.REQUEST))
    async with target.client(tap) as client:
        await client.subscribe("/conformance/cookie")
        await client.publish("/conformance/cookie", 1)
    assert sent.struck == len(tap.exchanges) - 1  # all but the handshake
    assert len(tap.sent(Channel.META_HANDSHAKE)) == 1  # a session without its cookie would have been unknown


@behaviour("T11")
@on("cometd", "devserver", transports=["websocket"])  # Faye sets no cookie
@in_loop
async def test_the_cookie_of_the_handshake_goes_with_the_upgrade(target: Target, proxy: Proxy) -> None:
    sent = proxy.add(Fault(Action.DELAY, b"BAYEUX_BROWSER=", times=1_000, direction=Direction.REQUEST))
    async with target.client(transports=["websocket", "long-polling"]) as client:
        assert client.connection_type == "websocket"
        assert (await client.publish("/conformance/cookie", 1)).successful
        assert sent.struck == 1


def _setting(cookie: str, messages: list[dict[str, Any]]) -> Answer:
    return Answer(json.dumps(messages).encode(), headers={"Set-Cookie": cookie})


@behaviour("T11", where="a scripted server")
@in_loop
async def test_several_cookies_and_one_that_expires() -> None:
    async with ScriptedServer() as server:
        server.alter(Channel.META_HANDSHAKE, partial(_setting, "a=1; Path=/bayeux; HttpOnly"))
        server.alter(Channel.META_CONNECT, partial(_setting, "b=2"))
        server.alter(
            Channel.META_SUBSCRIBE,
            partial(_setting, "a=3; Path=/bayeux"),
            partial(_setting, "a=; Max-Age=0; Path=/bayeux"),
        )
        async with make_client(server.url) as client:
            await client.subscribe("/one")
            await client.subscribe("/two")
            await client.publish("/three", 1)
        carried = [
            sorted(headers.get("cookie", "").split("; "))
            for batch, headers in zip(server.asked, server.headers, strict=True)
            if batch[0]["channel"] != Channel.META_CONNECT
        ]
    assert carried[:4] == [[""], ["a=1", "b=2"], ["a=3", "b=2"], ["b=2"]]


# -- headers


@behaviour("T12")
@on("devserver")  # the others do not show what they received
@in_loop
async def test_authentication_and_headers_go_with_every_request(target: Target) -> None:
    basic = f"Basic {b64encode(b'me:s/e%cret').decode()}"
    for url, auth in (
        (target.url, ("me", "s/e%cret")),
        (target.url.replace("://", "://me:s%2Fe%25cret@"), None),
    ):
        dev_server(target).recorder.clear()
        headers = {"X-Tenant": "blue"}
        client = make_client(url, auth=auth, headers=headers, transports=[target.transport])
        async with client:
            await client.publish("/conformance/headers", 1)
        received = [request.headers for request in dev_server(target).recorder.requests]
        assert {(each.get("authorization"), each.get("x-tenant")) for each in received} == {(basic, "blue")}


class _NoToken:
    """An extension that keeps the first requests from leaving."""

    def __init__(self, times: int) -> None:
        self.left = times

    @hookimpl
    def request(self) -> None:
        if self.left:
            self.left -= 1
            raise ConnectionError("the token service is down")


@behaviour("T12")
@on(*EVERYWHERE)
@in_loop
async def test_a_request_that_an_extension_keeps_from_leaving_is_tried_again(target: Target, proxy: Proxy) -> None:
    journal = Journal()
    client = target.client(journal, _NoToken(2))
    starting = asyncio.create_task(client.start())
    await journal.until(lambda: len(journal.errors) == 2)
    assert all(isinstance(error, ExtensionHookError) and error.hook == "request" for error in journal.errors)
    assert proxy.connections == 0
    await starting
    assert client.state == "connected"
    await client.close()


# -- proxies and addresses


@behaviour("T13")
@on(*EVERYWHERE, transports=HTTP)  # a WebSocket to this machine takes no proxy
@in_loop
async def test_through_an_http_proxy(target: Target) -> None:
    async with ForwardProxy() as forward, httpx.AsyncClient(proxy=forward.url) as http:
        async with target.client(http=http) as client, client.subscribe("/conformance/proxy") as events:
            await client.publish("/conformance/proxy", 1)
            assert await take(events, 1) == [1]
        assert {address.partition("?")[0] for _, address in forward.asked} == {target.url}


@behaviour("T13", where="a proxy that refuses")
@in_loop
async def test_a_tunnel_is_asked_for_where_the_server_is_secure() -> None:
    journal = Journal()
    async with ForwardProxy() as forward, httpx.AsyncClient(proxy=forward.url) as http:
        client = make_client("https://127.0.0.1:9/cometd", journal, http=http)
        starting = asyncio.create_task(client.start())
        await journal.until(lambda: bool(journal.failures(TransportError)))
        await client.close()
        with pytest.raises(BayeuxError):
            await starting
    assert forward.asked[0] == ("CONNECT", "127.0.0.1:9")
    assert "502" in str(journal.errors[0])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@behaviour("T13")
@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
@on("devserver", host="::1")  # the others listen on 127.0.0.1
@in_loop
async def test_an_address_of_ipv6(target: Target) -> None:
    assert target.url.startswith("http://[::1]:")
    async with target.client() as client, client.subscribe("/conformance/six") as events:
        await client.publish("/conformance/six", 1)
        assert await take(events, 1) == [1]


@behaviour("T13", where="addresses alone")
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://host/cometd", "host"),
        ("https://host:8443/cometd", "host:8443"),
        ("https://me:secret@host/cometd", "host"),
        ("http://[::1]:8080/cometd", "[::1]:8080"),
        ("http://[2001:db8::1]/cometd", "[2001:db8::1]"),
    ],
)
def test_addresses_keep_their_host_and_the_port_that_they_name(url: str, host: str) -> None:
    endpoint = parse_endpoint(url)
    assert host_of(endpoint.url) == host
    assert endpoint.url == url.replace("me:secret@", "")
    assert at_host("http://other/cometd", endpoint.url) == endpoint.url


# -- what can be watched


class _Watch:
    """An extension that notes every hook that a message of one channel, or its request, passes."""

    def __init__(self, channel: str) -> None:
        self.seen: list[Any] = []
        self._channel = channel

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == self._channel:
            self.seen.append("outgoing")

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        self.seen.append("request")

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        self.seen.append(("response", response.status))

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == self._channel:
            self.seen.append(("incoming", message.successful))

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.seen.append(("failed", type(error).__name__))


@behaviour("T14")
@on(*EVERYWHERE)
@in_loop
async def test_what_is_sent_and_received_can_be_watched_in_order(target: Target) -> None:
    watch = _Watch("/conformance/watched")
    async with target.client(watch) as client:
        await target.held(client.client_id)
        watch.seen.clear()
        await client.publish("/conformance/watched", 1)
        watch.seen.append("returned")
    of_http = ["outgoing", "request", ("response", 200), ("incoming", True), "returned"]
    of_socket = ["outgoing", ("incoming", True), "returned"]  # the upgrade was before
    expected = of_socket if target.transport == "websocket" else of_http
    assert watch.seen[: len(expected)] == expected


@behaviour("T14")
@on(*EVERYWHERE)
@in_loop
async def test_what_fails_can_be_watched(target: Target, proxy: Proxy) -> None:
    watch = _Watch("/conformance/unwell")
    async with target.client(watch) as client:
        await target.held(client.client_id)
        proxy.add(Fault(Action.CUT, b"/conformance/unwell"))
        watch.seen.clear()
        with pytest.raises(PublishError):
            await client.publish("/conformance/unwell", 1)
        seen = [entry for entry in watch.seen if entry not in ("request", ("response", 200), ("response", 101))]
    assert [entry for entry in seen if "failed" not in entry] == ["outgoing", ("incoming", False)]
    assert ("failed", "TransportError") in seen
