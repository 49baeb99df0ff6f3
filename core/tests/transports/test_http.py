from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.transports import site_stub
from core.tests.transports.site_stub import HELLO, REPLY, URL, raising, refuse
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, encode
from pybayeux.errors import MessageDecodeError, TransportError, UsageError
from pybayeux.transports.base import TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.http import HttpCall, HttpLink

if TYPE_CHECKING:
    import socketserver
    from collections.abc import AsyncIterator, Callable


class Posting:
    """The plainest transport: one POST."""

    def __init__(self, context: TransportContext, **options: Any) -> None:
        self._url = context.url
        self._link = HttpLink(context, "long-polling", **options)

    async def send(self, messages: list[Message]) -> None:
        await self._link.exchange(HttpCall("POST", self._url, encode(messages), {"Content-Type": "application/json"}))

    async def close(self) -> None:
        await self._link.close()


class Site(site_stub.Site):
    """A site that is posted to."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None, **arguments: Any) -> None:
        super().__init__(Posting, answer, **arguments)


@in_virtual_time
async def test_no_read_timeout_of_a_shared_http_client_breaks_a_held_connect() -> None:
    site = Site(max_network_delay=7.0)
    request = await site.send()
    assert request.extensions["timeout"] == {"connect": 7.0, "read": None, "write": None, "pool": None}


@in_virtual_time
async def test_a_cancelled_exchange_is_given_up() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    site = Site(http=httpx.AsyncClient(transport=httpx.MockTransport(hang)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await site.send()


# -- the user's http client, authentication


@in_virtual_time
async def test_a_http_client_of_the_users_stays_open() -> None:
    site = Site()
    await site.transport.close()
    assert not site.http.is_closed


@in_virtual_time
async def test_a_http_client_of_its_own_is_closed() -> None:
    link = HttpLink(replace(Site().context, http=None), "long-polling")
    http = link._http
    await link.close()
    assert http.is_closed


@in_virtual_time
async def test_basic_authentication() -> None:
    site = Site(auth=("user", "s3cr3t"))
    assert (await site.send()).headers["Authorization"] == "Basic dXNlcjpzM2NyM3Q="


@in_virtual_time
async def test_the_users_own_authentication_may_see_the_answer() -> None:
    class Twice(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            response = yield request
            if response.status_code == 401:
                request.headers["Authorization"] = "Token fresh"
                yield request

    site = Site(auth=Twice())
    site.answer = lambda request: httpx.Response(200 if "Authorization" in request.headers else 401, json=REPLY)
    assert (await site.send()).headers["Authorization"] == "Token fresh"
    assert len(site.received) == 1


@in_virtual_time
async def test_the_authentication_of_the_http_client_stays() -> None:
    site = Site()
    site.http.auth = ("user", "pass")
    assert (await site.send()).headers["Authorization"].startswith("Basic ")


# -- cookies


def with_cookie(request: httpx.Request) -> httpx.Response:
    """Gives each newcomer a cookie."""
    known = "BAYEUX_BROWSER" in request.headers.get("Cookie", "")
    headers = {} if known else {"Set-Cookie": f"BAYEUX_BROWSER={request.headers.get('X-Name', 'b')}; Path=/"}
    return httpx.Response(200, json=REPLY, headers=headers)


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8080/cometd", "http://localhost:8080/cometd", "http://[::1]/"])
@in_virtual_time
async def test_cookies_come_back(url: str) -> None:
    site = Site(with_cookie, url=url)
    assert "Cookie" not in (await site.send()).headers
    assert (await site.send()).headers["Cookie"] == "BAYEUX_BROWSER=b"


@in_virtual_time
async def test_sessions_that_share_a_http_client_have_cookies_of_their_own() -> None:
    one = Site(with_cookie, headers={"X-Name": "one"})
    two = Site(http=one.http, headers={"X-Name": "two"})
    for site in (one, two, one, two):
        await site.transport.send(HELLO)
    assert [request.headers.get("Cookie") for request in one.requests] == [
        None,
        None,
        "BAYEUX_BROWSER=one",
        "BAYEUX_BROWSER=two",
    ]


@in_virtual_time
async def test_cookies_that_the_http_client_brought_are_sent() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(with_cookie), cookies={"route": "7"})
    site = Site(http=http)
    site.http = http
    seen: list[str | None] = []
    http.event_hooks["request"].append(_note_cookie(seen))
    for _ in range(2):
        await site.transport.send(HELLO)
    assert seen == ["route=7", "route=7; BAYEUX_BROWSER=b"]


def _note_cookie(seen: list[str | None]) -> Callable[[httpx.Request], Any]:
    async def note(request: httpx.Request) -> None:
        seen.append(request.headers.get("Cookie"))

    return note


@in_virtual_time
async def test_a_cookie_header_that_was_given_is_kept() -> None:
    site = Site(with_cookie, headers={"Cookie": "sid=1"})
    assert (await site.send()).headers["Cookie"] == "sid=1"
    assert (await site.send()).headers["Cookie"] == "sid=1; BAYEUX_BROWSER=b"


@in_virtual_time
async def test_cookies_of_failed_answers_count_too() -> None:
    site = Site(refuse(503, headers={"Set-Cookie": "route=7"}))
    with pytest.raises(TransportError):
        await site.send()
    site.answer = with_cookie
    assert (await site.send()).headers["Cookie"] == "route=7"


# -- failures


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
@in_virtual_time
async def test_a_refusal_counts_whatever_the_status_says(status: int) -> None:
    refusal = {"channel": "/meta/handshake", "successful": False, "error": "403::Handshake denied"}
    site = Site(refuse(status, json=[refusal]))
    await site.send()
    assert [message.error for batch in site.received for message in batch] == ["403::Handshake denied"]


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503])
@in_virtual_time
async def test_every_status_but_200_is_a_failure(status: int) -> None:
    site = Site(refuse(status, json=REPLY))
    with pytest.raises(TransportError, match=f"HTTP {status}") as caught:
        await site.send()
    assert (caught.value.status, caught.value.fatal, site.received) == (status, False, [])


@pytest.mark.parametrize("body", [b"", b" \r\n"])
@in_virtual_time
async def test_an_empty_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(TransportError, match="empty answer") as caught:
        await Site(refuse(200, content=body)).send()
    assert caught.value.status == 200


@pytest.mark.parametrize("body", [b"<html>Maintenance</html>", b'"text"', b"[{", b"\x1f\x8b\x00"])
@in_virtual_time
async def test_an_answer_that_is_no_bayeux_is_a_failure(body: bytes) -> None:
    with pytest.raises(MessageDecodeError):
        await Site(refuse(200, content=body)).send()


@in_virtual_time
async def test_a_failure_shows_the_beginning_of_the_body() -> None:
    with pytest.raises(TransportError, match="Bad Gateway") as caught:
        await Site(refuse(502, text="<h1>Bad Gateway</h1>" + "x" * 5000)).send()
    assert caught.value.body.startswith("<h1>Bad Gateway</h1>xxx")
    assert len(caught.value.body) == 200


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), (None, None)])
@in_virtual_time
async def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(TransportError) as caught:
        await Site(refuse(503, headers=headers)).send()
    assert caught.value.retry_after == seconds


def chained(error: Exception, cause: Exception) -> Exception:
    """An error as httpx chains it."""
    error.__cause__ = cause
    return error


UNVERIFIED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("error", "fatal", "unsent"),
    [
        (httpx.ConnectError("refused"), False, True),
        (httpx.ConnectTimeout("late"), False, True),
        (httpx.PoolTimeout("busy"), False, True),
        (httpx.ReadError("reset"), False, False),
        (httpx.ReadTimeout("late"), False, False),
        (httpx.WriteError("reset"), False, False),
        (httpx.RemoteProtocolError("gibberish"), False, False),
        (httpx.ProxyError("proxy"), False, False),
        (httpx.DecodingError("gzip"), False, False),
        (httpx.UnsupportedProtocol("gopher"), True, False),
        (httpx.InvalidURL("no"), True, False),
        (chained(httpx.ConnectError("tls"), UNVERIFIED), True, True),
        (chained(httpx.ConnectError("tls"), chained(OSError("ssl"), UNVERIFIED)), True, True),
        (chained(httpx.ConnectError("tls"), ssl.SSLError(1, "handshake failure")), False, True),
    ],
)
@in_virtual_time
async def test_failures_of_the_network(error: Exception, fatal: bool, unsent: bool) -> None:
    with pytest.raises(TransportError, match=type(error).__name__) as caught:
        await Site(raising(error)).send()
    assert (caught.value.status, caught.value.fatal, caught.value.unsent) == (None, fatal, unsent)
    assert caught.value.__cause__ is error


@in_virtual_time
async def test_a_failure_without_words_has_some() -> None:
    with pytest.raises(TransportError, match="ReadError: no reason given"):
        await Site(raising(httpx.ReadError(""))).send()


# -- hooks


@in_virtual_time
async def test_a_request_may_be_changed_before_it_leaves() -> None:
    site = Site(headers={"X-Old": "1"})

    def change(request: TransportRequest) -> None:
        assert request.connection_type == "long-polling"
        request.url += "?signed=1"
        request.headers["authorization"] = "Bearer t0k3n-t0k3n"
        del request.headers["x-old"]

    site.on_request = change
    sent = await site.send()
    assert str(sent.url) == URL + "?signed=1"
    assert sent.headers["Authorization"] == "Bearer t0k3n-t0k3n"
    assert "X-Old" not in sent.headers


@in_virtual_time
async def test_changes_of_one_request_do_not_stay_for_the_next() -> None:
    site = Site()
    site.on_request = lambda request: request.headers.update({"X-Once": "1"})
    await site.send()
    site.on_request = lambda request: None
    assert "X-Once" not in (await site.send()).headers


@in_virtual_time
async def test_a_response_is_seen_before_its_status_is_judged() -> None:
    site = Site(refuse(401, headers={"WWW-Authenticate": "Bearer"}))
    with pytest.raises(TransportError):
        await site.send()
    (seen,) = site.responses
    assert (seen.status, seen.url, seen.connection_type) == (401, URL, "long-polling")
    assert seen.headers["www-authenticate"] == "Bearer"


def test_requests_and_responses_show_no_secrets() -> None:
    request = TransportRequest("https://host/?token=s3cr3t", {"Authorization": "Bearer s3cr3t"}, "long-polling")
    response = TransportResponse("https://host/?token=s3cr3t", 200, {"Set-Cookie": "s3cr3t"}, "long-polling")
    assert "s3cr3t" not in repr(request) + repr(response)


# -- secrets


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize("before", ["", "no such thing: ", "x" * 190])
@in_virtual_time
async def test_a_token_that_the_server_repeats_shows_nowhere_not_even_cut(status: int, before: str) -> None:
    site = Site(refuse(status, text=before + "t0k3n-t0k3n-t0k3n"))
    site.on_request = lambda request: request.headers.update({"Authorization": "Bearer t0k3n-t0k3n-t0k3n"})
    with pytest.raises((TransportError, MessageDecodeError)) as caught:
        await site.send()
    assert "t0k" not in str(caught.value)


@in_virtual_time
async def test_a_token_in_the_networks_error_shows_nowhere() -> None:
    site = Site(raising(httpx.ReadError("Authorization: Bearer t0k3n-t0k3n failed")))
    with pytest.raises(TransportError) as caught:
        await site.send()
    assert "t0k3n" not in str(caught.value)


@in_virtual_time
async def test_errors_of_another_library_with_the_same_names_are_known() -> None:
    class ConnectError(Exception):
        pass

    with pytest.raises(TransportError, match="ConnectError: refused") as caught:
        await Site(raising(ConnectError("refused"))).send()
    assert caught.value.unsent


def _from_keyring(request: httpx.Request) -> httpx.Request:
    raise LookupError("no keyring")


@in_virtual_time
async def test_the_users_authentication_may_break() -> None:
    class Broken(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            yield _from_keyring(request)

    with pytest.raises(TransportError, match="LookupError: no keyring") as caught:
        await Site(auth=Broken()).send()
    assert not caught.value.unsent


@in_virtual_time
async def test_a_body_in_an_encoding_that_nobody_knows_is_shown_all_the_same() -> None:
    headers = {"Content-Type": "text/plain; charset=klingon"}
    with pytest.raises(TransportError, match="nuqneH"):
        await Site(refuse(500, content=b"nuqneH", headers=headers)).send()


# -- redirects


def moved(location: str, status: int = 307, *, at: str = URL, **arguments: Any) -> Callable[..., httpx.Response]:
    """A server that sends whoever asks at `at` to another address, and replies at any other."""

    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url) != at:
            return httpx.Response(200, json=REPLY)
        return httpx.Response(status, headers={"Location": location}, **arguments)

    return answer


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://host/new?route=7", "https://host/new?route=7"),
        ("/new", "https://host/new"),
        ("new#part", "https://host/new"),
        (" https://HOST:443/new ", "https://host/new"),
        ("//other/new", "https://other/new"),
    ],
)
@in_virtual_time
async def test_a_redirect_is_followed_with_the_same_method_and_body(status: int, location: str, url: str) -> None:
    site = Site(moved(location, status))
    await site.send()
    first, second = site.requests
    assert str(second.url) == url
    assert (second.method, second.content) == (first.method, first.content)
    assert second.headers["Content-Type"] == "application/json"
    assert len(site.received) == 1


@in_virtual_time
async def test_extensions_see_each_request_and_each_response_on_the_way() -> None:
    site = Site(moved("/new"))
    seen: list[str] = []
    site.on_request = lambda request: seen.append(request.url)
    await site.send()
    assert seen == [URL, "https://host/new"]
    assert [(response.status, response.url) for response in site.responses] == [(307, URL), (200, "https://host/new")]


@in_virtual_time
async def test_the_new_address_is_used_for_one_request_alone() -> None:
    site = Site(moved("/new"))
    for _ in range(2):
        await site.send()
    assert [request.url.path for request in site.requests] == ["/cometd", "/new", "/cometd", "/new"]


@pytest.mark.parametrize("follow", [True, False])
@in_virtual_time
async def test_what_the_users_http_client_does_about_redirects_does_not_matter(follow: bool) -> None:
    site = Site(moved("/new"))
    site.http.follow_redirects = follow
    await site.send()
    assert [response.status for response in site.responses] == [307, 200]


@in_virtual_time
async def test_five_redirects_are_followed_and_no_more() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        count = int(request.url.params.get("n", 0)) + 1
        if count > hops:
            return httpx.Response(200, json=REPLY)
        return httpx.Response(307, headers={"Location": f"?n={count}"})

    hops = 5
    await Site(answer).send()
    hops = 6
    site = Site(answer)
    with pytest.raises(TransportError, match="more than 5 redirects, the last one to https://host/cometd") as caught:
        await site.send()
    assert (len(site.requests), caught.value.status, site.received) == (6, 307, [])


@pytest.mark.parametrize("status", [301, 302, 303])
@in_virtual_time
async def test_other_redirects_are_failures_that_say_where_they_point(status: int) -> None:
    site = Site(moved("/login?token=t0k3n-t0k3n", status, text="Log in first"))
    with pytest.raises(TransportError, match=rf"HTTP {status} .*: it points to https://host/login, and") as caught:
        await site.send()
    assert (caught.value.status, caught.value.body, len(site.requests)) == (status, "Log in first", 1)
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize("location", ["ftp://host/x", "http://host/cometd", "https://[broken/"])
@in_virtual_time
async def test_a_redirect_to_nowhere_or_out_of_tls_is_not_followed(location: str) -> None:
    site = Site(moved(location))
    with pytest.raises(TransportError, match=r"HTTP 307 .* is not followed"):
        await site.send()
    assert len(site.requests) == 1


@in_virtual_time
async def test_cookies_on_the_way_count() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/new":
            return httpx.Response(200, json=REPLY)
        return httpx.Response(307, headers={"Location": "/new", "Set-Cookie": "route=7; Path=/"})

    assert (await Site(answer).send()).headers["Cookie"] == "route=7"


@in_virtual_time
async def test_a_connection_that_fails_after_a_redirect_has_left_nothing_anywhere() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "host":
            return httpx.Response(307, headers={"Location": "https://other/"})
        raise httpx.ConnectError("refused")

    with pytest.raises(TransportError) as caught:
        await Site(answer).send()
    assert caught.value.unsent


# -- whom the credentials are for

CREDENTIALS = {"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-Tenant"}


def with_credentials(answer: Callable[[httpx.Request], httpx.Response], **arguments: Any) -> Site:
    """A site whose user, and whose user's HTTP client, bring every kind of credential."""
    site = Site(answer, headers={"X-Tenant": "7", "Accept-Language": "de"}, auth=("user", "s3cr3t"), **arguments)
    http = httpx.AsyncClient(
        transport=site.network,
        headers={"X-Api-Key": "k3y", "Proxy-Authorization": "Basic x", "Authorization": "Bearer t0k3n"},
        params={"key": "k3y"},
        cookies={"sid": "1"},
        auth=("other", "s3cr3t"),
    )
    fresh = Site(answer, headers=site.context.headers, auth=site.context.auth, http=http, **arguments)
    fresh.requests = site.requests
    return fresh


def credentials(request: httpx.Request) -> set[str]:
    """Which kinds of credentials a request has."""
    return {name for name in CREDENTIALS if name in request.headers} | ({"key"} & set(request.url.params))


@in_virtual_time
async def test_credentials_go_along_to_the_same_origin() -> None:
    site = with_credentials(lambda request: moved("/new", at=f"{URL}?key=k3y")(request))
    request = await site.send()
    assert request.url.path == "/new"
    assert credentials(request) == {*CREDENTIALS, "key"}


@pytest.mark.parametrize("location", ["https://other/new", "https://host:8443/new", "https://sub.host/new"])
@in_virtual_time
async def test_no_credentials_go_along_to_another_origin(location: str) -> None:
    site = with_credentials(lambda request: moved(location, at=f"{URL}?key=k3y")(request))
    request = await site.send()
    assert str(request.url) == location
    assert credentials(request) == set()
    assert request.headers["Accept-Language"] == "de"
    assert request.headers["Host"] == request.url.netloc.decode()
    assert request.content == site.requests[0].content


@in_virtual_time
async def test_a_way_back_from_another_origin_brings_no_credentials_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/again":
            return httpx.Response(200, json=REPLY)
        there = request.url.host == "other"
        return httpx.Response(307, headers={"Location": f"{URL[:12]}/again" if there else "https://other/"})

    request = await with_credentials(answer).send()
    assert str(request.url) == "https://host/again"
    assert credentials(request) == set()


@in_virtual_time
async def test_an_extension_may_give_another_origin_credentials_of_its_own() -> None:
    def give(request: TransportRequest) -> None:
        if request.url.startswith("https://other/"):
            request.headers["Authorization"] = "Bearer other-t0k3n"

    site = with_credentials(lambda request: moved("https://other/new", at=f"{URL}?key=k3y")(request))
    site.on_request = give
    request = await site.send()
    assert request.headers["Authorization"] == "Bearer other-t0k3n"
    assert credentials(request) == {"Authorization"}


@in_virtual_time
async def test_another_origin_gets_its_own_cookies_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "other":
            return httpx.Response(200, json=REPLY, headers={"Set-Cookie": "theirs=1; Path=/"})
        return httpx.Response(307, headers={"Location": "https://other/", "Set-Cookie": "ours=1; Path=/"})

    site = Site(answer)
    for _ in range(2):
        await site.send()
    assert [request.headers.get("Cookie") for request in site.requests] == [None, None, "ours=1", "theirs=1"]


@in_virtual_time
async def test_an_anonymous_transport_sends_nothing_that_the_http_client_would_add() -> None:
    site = with_credentials(lambda request: httpx.Response(200, json=REPLY))
    http = site.http
    anonymous = Site(http=http, anonymous=True)
    anonymous.requests = site.requests
    request = await anonymous.send()
    assert str(request.url) == URL
    assert credentials(request) == set()
    assert {"accept", "host", "content-length", "content-type", "user-agent"} <= set(request.headers)


@in_virtual_time
async def test_an_anonymous_transport_keeps_its_cookies() -> None:
    site = Site(with_cookie, anonymous=True)
    await site.send()
    assert (await site.send()).headers["Cookie"] == "BAYEUX_BROWSER=b"


# -- how large an answer may be


def sized(content: bytes | AsyncIterator[bytes], limit: int, status: int = 200, **arguments: Any) -> Site:
    """A site whose answers are read up to a limit."""
    site = Site(refuse(status, content=content, **arguments))
    site.transport = Posting(site.context, max_response_size=limit)
    return site


@in_virtual_time
async def test_an_answer_of_the_largest_size_is_read() -> None:
    site = sized(b'[{"channel":"/a"}]', 18)
    await site.send()
    assert [[message.channel for message in batch] for batch in site.received] == [["/a"]]


@in_virtual_time
async def test_an_answer_that_is_too_large_fails_and_names_the_option() -> None:
    site = sized(b'[{"channel":"/a"}]', 17)
    with pytest.raises(TransportError, match="more than max_response_size=17 bytes") as caught:
        await site.send()
    assert (caught.value.status, caught.value.unsent, site.received) == (200, False, [])


@in_virtual_time
async def test_what_is_beyond_the_limit_is_not_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1000

    for status in (200, 503):
        read = 0
        with pytest.raises(TransportError):
            await sized(endless(), 10_500, status).send()
        assert read == 11


@in_virtual_time
async def test_the_limit_is_for_what_was_compressed() -> None:
    bomb = gzip.compress(b"[" + b" " * 100_000 + b"]")
    with pytest.raises(TransportError, match="max_response_size=10000"):
        await sized(bomb, 10_000, headers={"Content-Encoding": "gzip"}).send()


@in_virtual_time
async def test_a_failed_answer_that_is_too_large_says_what_it_says() -> None:
    site = sized(b"Service Unavailable" * 1000, 100, 503, headers={"Retry-After": "7"})
    with pytest.raises(TransportError, match=r"HTTP 503.*Service Unavailable") as caught:
        await site.send()
    assert caught.value.retry_after == 7


@in_virtual_time
async def test_a_network_that_breaks_while_a_limited_answer_is_read() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"["
        raise httpx.ReadError("reset")

    with pytest.raises(TransportError, match="ReadError: reset"):
        await sized(broken(), 100).send()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="max_response_size"):
        sized(b"[]", limit)


# -- what of an address is secret


@in_virtual_time
async def test_values_of_an_address_are_secret_but_for_the_public_ones() -> None:
    site = Site(refuse(500, text="innocent-value secret-value"))
    call = HttpCall("GET", f"{URL}?a=innocent-value&b=secret-value", public=frozenset({"innocent-value"}))
    with pytest.raises(TransportError, match=r"innocent-value \*\*\*"):
        await HttpLink(site.context, "callback-polling").exchange(call)


# -- over a real socket


def _answering(address: str) -> socketserver.TCPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(REPLY).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "BAYEUX_BROWSER=b; Path=/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6

    return Server((address, 0), Handler)


def test_a_server_at_an_ipv6_address() -> None:
    try:
        server = _answering("::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        asyncio.run(_speak_to(f"http://[::1]:{server.server_address[1]}/cometd"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _speak_to(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for limit in (None, 1000):
            site = Site(url=url, http=http)
            transport = Posting(site.context, max_response_size=limit)
            for _ in range(2):
                await transport.send(HELLO)
            assert [[message.id for message in batch] for batch in site.received] == [["1"], ["1"]]
            assert site.context.cookies.header(url) == "BAYEUX_BROWSER=b"
