from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux.errors import MessageDecodeError, TransportError
from pybayeux.redact import Redactor
from pybayeux.transports.base import TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.long_polling import LongPolling

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO = [Message(channel="/meta/handshake", id="1")]
REPLY = [{"channel": "/meta/handshake", "id": "1", "successful": True}]
URL = "https://host/cometd"


class Site:
    """A web server on httpx's own mock, and a transport that talks to it."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None, **arguments: Any) -> None:
        self.answer = answer or (lambda request: httpx.Response(200, json=REPLY))
        self.requests: list[httpx.Request] = []
        self.received: list[list[Message]] = []
        self.responses: list[TransportResponse] = []
        self.on_request: Callable[[TransportRequest], None] = lambda request: None
        self.redact = Redactor()
        self.http = arguments.pop("http", None) or httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.transport = LongPolling(self._context(**{"url": URL, **arguments}))

    def _context(self, **arguments: Any) -> TransportContext:
        return TransportContext(
            receive=self._receive,
            on_request=self._request,
            on_response=self._response,
            redact=self.redact,
            http=self.http,
            **arguments,
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    async def _receive(self, messages: list[Message]) -> None:
        self.received.append(messages)

    async def _request(self, request: TransportRequest) -> None:
        self.on_request(request)

    async def _response(self, response: TransportResponse) -> None:
        self.responses.append(response)

    async def send(self) -> httpx.Request:
        """One exchange; gives the request as it left."""
        await self.transport.send(HELLO)
        return self.requests[-1]


def refuse(status: int, **arguments: Any) -> Callable[[httpx.Request], httpx.Response]:
    """A server that always answers so."""
    return lambda request: httpx.Response(status, **arguments)


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    """A network on which every request fails so."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


# -- what leaves and what comes back


@in_virtual_time
async def test_messages_leave_as_one_array_and_the_answers_come_back_as_one_batch() -> None:
    site = Site()
    request = await site.send()
    assert (request.method, str(request.url)) == ("POST", URL)
    assert json.loads(request.content) == [{"channel": "/meta/handshake", "id": "1"}]
    assert request.headers["Content-Type"] == "application/json;charset=UTF-8"
    ((reply,),) = site.received
    assert (reply.channel, reply.successful) == ("/meta/handshake", True)


@in_virtual_time
async def test_the_content_type_of_an_answer_does_not_matter() -> None:
    for kind in ("text/json", "text/plain", "application/json;charset=UTF-8"):
        site = Site(refuse(200, content=b"[]", headers={"Content-Type": kind}))
        await site.send()
        assert site.received == [[]]


@in_virtual_time
async def test_headers_of_the_user_are_sent() -> None:
    site = Site(headers={"X-Tenant": "7", "content-type": "application/json"})
    request = await site.send()
    assert request.headers["X-Tenant"] == "7"
    assert request.headers.get_list("Content-Type") == ["application/json"]


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
    site = Site()
    transport = LongPolling(TransportContext(URL, site._receive, site._request, site._response, redact=Redactor()))
    await transport.close()
    assert transport._http.is_closed


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
