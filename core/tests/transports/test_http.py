from __future__ import annotations

import asyncio
import json
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.transports.posting import Posting, Site
from core.tests.transports.site_stub import HELLO, REPLY, URL, refuse
from core.tests.transports.websocket_site import at_raw_server, in_real_time
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import BayeuxError, TransportError
from pybayeux.transports.base import TransportRequest, TransportResponse
from pybayeux.transports.http import HttpRequester
from pybayeux.transports.http_call import HttpCall

if TYPE_CHECKING:
    import socketserver


@in_virtual_time
async def test_no_read_timeout_of_a_shared_http_client_breaks_a_held_connect() -> None:
    site = Site(max_network_delay=7.0)
    request = await site.send()
    assert request.extensions["timeout"] == {"connect": 3.5, "read": None, "write": None, "pool": 3.5}


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
    requester = HttpRequester(replace(Site().context, http=None), "long-polling")
    http = requester._http
    await requester.close()
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


@in_virtual_time
async def test_the_same_secret_of_each_request_is_remembered_though_others_come_and_go() -> None:
    """The redactor keeps the latest ones."""
    site = Site(headers={"X-Api-Key": "secret-value"})
    for round_ in range(3):
        site.redact.remember(*(f"another-{round_}-{number}" for number in range(100)))
        assert "secret-value" in site.redact("secret-value")
        await site.send()
        assert "secret-value" not in site.redact("secret-value")


# -- what of an address is secret


@in_virtual_time
async def test_values_of_an_address_are_secret_but_for_the_public_ones() -> None:
    site = Site(refuse(500, text="innocent-value secret-value"))
    call = HttpCall("GET", f"{URL}?a=innocent-value&b=secret-value", public=frozenset({"innocent-value"}))
    with pytest.raises(TransportError, match=r"innocent-value \*\*\*"):
        await HttpRequester(site.context, "callback-polling").exchange(call)


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
                await transport.exchange(HELLO)
            assert [[message.id for message in batch] for batch in site.received] == [["1"], ["1"]]
            assert site.context.cookies.header(url) == "BAYEUX_BROWSER=b"


# -- what came, and what did not


@in_virtual_time
async def test_an_error_of_the_users_client_counts_as_the_answer_that_it_carries() -> None:
    async def complain(response: httpx.Response) -> None:
        response.raise_for_status()

    site = Site(refuse(401, json={"no": 1}))
    site.http.event_hooks["response"].append(complain)
    with pytest.raises(TransportError, match="HTTP 401") as caught:
        await site.send()
    assert caught.value.status == 401
    assert [response.status for response in site.responses] == [401]


@in_virtual_time
async def test_an_answer_may_be_in_another_encoding() -> None:
    site = Site(
        refuse(
            200,
            content='[{"channel":"/a","data":"caf\xe9"}]'.encode("latin-1"),
            headers={"Content-Type": "application/json;charset=ISO-8859-1"},
        )
    )
    await site.send()
    assert site.received[0][0].data == "caf\xe9"


@in_virtual_time
async def test_what_is_damaged_is_reported_and_the_rest_received() -> None:
    reported: list[BayeuxError] = []
    site = Site(refuse(200, content=b'[{"channel":"/a","data":NaN},{"channel":"/b"}]'), report=reported.append)
    await site.send()
    assert [message.channel for message in site.received[0]] == ["/a", "/b"]
    assert len(reported) == 1


@in_virtual_time
async def test_cookies_beyond_ascii_go_back_as_they_came() -> None:
    octets = b"S=caf\xc3\xa9\xe9"
    site = Site(refuse(200, json=REPLY, headers=[(b"Set-Cookie", octets + b"; Path=/")]))
    await site.send()
    request = await site.send()
    assert [value for name, value in request.headers.raw if name == b"Cookie"] == [octets]


@in_virtual_time
async def test_a_cookie_ends_by_the_clock_of_the_server() -> None:
    headers = [
        (b"Date", b"Sun, 29 Nov 2020 10:00:00 GMT"),
        (b"Set-Cookie", b"route=7; Path=/; Expires=Sun, 29 Nov 2020 13:00:00 GMT"),
    ]
    site = Site(refuse(200, json=REPLY, headers=headers))
    await site.send()
    request = await site.send()
    assert request.headers["Cookie"] == "route=7"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"auth": "user"}, "auth="), ({"headers": {"X": "\n"}}, "headers="), ({"http": httpx.Client()}, "http=")],
)
def test_arguments_that_cannot_work_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(TransportError, match=named) as caught:
        HttpRequester(replace(Site().context, **arguments), "long-polling")
    assert caught.value.fatal


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
@in_real_time
async def test_the_proxy_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_raw_server(lambda reader, writer: asyncio.sleep(0)) as url:
        proxy = url.removesuffix("/cometd")
    monkeypatch.setenv(variable, proxy)
    transport = Posting(replace(Site().context, http=None, url="http://server.example/cometd"))
    with pytest.raises(TransportError, match=f"through the proxy {proxy} of {variable}"):
        await transport.exchange(HELLO)
    await transport.close()


@in_real_time
async def test_certificates_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    transport = Posting(replace(Site().context, http=None, url="https://127.0.0.1:1/cometd"))
    with pytest.raises(TransportError, match=r"SSL_CERT_FILE: there is no file /nowhere/ca\.pem") as caught:
        await transport.exchange(HELLO)
    assert caught.value.fatal
    await transport.close()


@in_real_time
async def test_a_full_pool_fails_what_has_not_left() -> None:
    async with at_raw_server(_hold) as url, httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as http:
        transport = Posting(replace(Site().context, http=http, url=url, max_network_delay=0.05))
        held = asyncio.create_task(transport.exchange(HELLO))
        await asyncio.sleep(0)
        with pytest.raises(TransportError, match="no connection of the HTTP client became free") as caught:
            await transport.exchange(HELLO)
        assert (caught.value.unsent, caught.value.fatal, held.done()) == (True, False, False)
        held.cancel()
        await asyncio.wait([held])


async def _hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
