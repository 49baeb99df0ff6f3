"""The HTTP client that is used where the user gave none."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest

from core.tests.transports.raw_server import served
from pybayeux.transports.direct_http import make_http_client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

OK = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok"


def asked(answer: bytes, use: Callable[[httpx.AsyncClient, str], Coroutine[None, None, None]]) -> list[bytes]:
    """What a server is asked over its one connection, which it closes behind an answer that is incomplete."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                if answer != OK:
                    break
        writer.close()

    async def run() -> None:
        async with served(serve) as port, make_http_client() as client:
            await use(client, f"127.0.0.1:{port}")

    asyncio.run(run())
    return requests


async def send(client: httpx.AsyncClient, url: str, **arguments: Any) -> httpx.Response:
    response = await client.send(client.build_request("POST", url, content=b""), stream=True, **arguments)
    await response.aread()
    return response


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "text/plain", "x-a": "b"}, {"accept": "text/html", "USER-AGENT": "me"}]
)
@pytest.mark.parametrize("content", [None, b"[]"])
def test_a_request_is_made_as_httpx_makes_it(headers: dict[str, str], content: bytes | None) -> None:
    for url in ("https://host/cometd", "http://[::1]:8080/a%20b?c=d&e", httpx.URL("http://host")):
        arguments: Any = {"content": content, "headers": httpx.Headers(headers), "timeout": (10, None, None, 5)}
        ours = make_http_client().build_request("POST", url, **arguments)
        theirs = httpx.AsyncClient().build_request("POST", url, **arguments)
        assert (ours.url, sorted(ours.headers.raw)) == (theirs.url, sorted(theirs.headers.raw))
        assert (ours.extensions, ours.content) == (theirs.extensions, theirs.content)


def test_what_else_httpx_can_do_is_left_to_it() -> None:
    request = make_http_client().build_request("GET", "http://host/", params={"a": "b"})
    assert str(request.url) == "http://host/?a=b"


def test_an_answer_is_read_and_keeps_no_cookie() -> None:
    async def use(client: httpx.AsyncClient, address: str) -> None:
        for _ in range(2):
            response = await send(client, f"http://{address}/x")
            assert (response.status_code, response.content, str(response.url)) == (200, b"ok", f"http://{address}/x")
        assert not client.cookies

    assert [request.split(b"\r\n")[0] for request in asked(OK, use)] == [b"POST /x HTTP/1.1"] * 2


@pytest.mark.parametrize("credentials", [("", ("me", "mine")), ("me:mine@", None)])
def test_authentication_is_left_to_httpx(credentials: tuple[str, Any]) -> None:
    async def use(client: httpx.AsyncClient, address: str) -> None:
        user, auth = credentials
        assert (await send(client, f"http://{user}{address}/", auth=auth)).status_code == 200

    (request,) = asked(OK, use)
    assert b"Authorization: Basic bWU6bWluZQ==" in request


@pytest.mark.parametrize("answer", [b"", b"no", OK[:-1]])
def test_errors_are_those_of_httpx(answer: bytes) -> None:
    async def use(client: httpx.AsyncClient, address: str) -> None:
        with pytest.raises(httpx.RemoteProtocolError) as caught:
            await send(client, f"http://{address}/")
        assert isinstance(caught.value.__cause__, httpcore.RemoteProtocolError)

    asked(answer, use)


def test_a_scheme_that_is_none_is_an_error_of_httpx() -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        asyncio.run(send(make_http_client(), "gopher://host/"))


def test_a_client_that_is_closed_says_so() -> None:
    async def run() -> None:
        client = make_http_client()
        await client.aclose()
        await send(client, "http://host/")

    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(run())
