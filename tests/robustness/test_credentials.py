"""Credentials stay with the server that they are for, and no value of a server or a user makes a header of its own.

The other server here takes down every byte that it is sent, whatever transport sends it, and is of no use otherwise.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import AsyncClient, BayeuxError, Channel, hookimpl
from pybayeux_aiohttp import Aiohttp
from pybayeux_auth import Auth
from tests.robustness.test_secrets import PASSWORD, TOKEN, WAYS, ways
from tests.support.clients import IMPATIENT
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.local_server import LocalServer
from tests.support.loops import in_loop
from tests.support.scripted import Json, ScriptedServer, replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import TransportRequest

SECRETS: Final = (TOKEN.encode(), PASSWORD.encode(), b64encode(f"user:{PASSWORD}".encode()))
_REFUSAL: Final = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Eavesdropper(LocalServer):
    """A server on another port, which is another origin.

    Attributes:
        heard: All that it was sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self._asked = asyncio.Event()

    async def asked(self) -> None:
        """Wait for a whole request."""
        async with asyncio.timeout(10):
            await self._asked.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while b"\r\n\r\n" not in self.heard or not self.heard.endswith((b"]", b"\r\n\r\n")):
                if not (piece := await reader.read(65536)):
                    return
                self.heard += piece
            writer.write(_REFUSAL)
            await writer.drain()
            self._asked.set()
        finally:
            writer.close()


TRANSPORTS: Final[dict[str, tuple[list[str], Callable[[], list[object]]]]] = {
    "long-polling": (["long-polling"], list),
    "callback-polling": (["callback-polling"], list),
    "websocket": (["websocket", "long-polling"], list),
    "aiohttp": (["long-polling"], lambda: [Aiohttp()]),
}


def client_of(way: str, url: str, transport: str) -> AsyncClient:
    address, arguments = ways(url)[way]
    names, extensions = TRANSPORTS[transport]
    arguments["extensions"] = [*extensions(), *arguments.get("extensions", ())]
    return AsyncClient(address, discover=False, backoff=IMPATIENT, transports=names, **arguments)


def pointing_to(other: Eavesdropper) -> Callable[[list[Json]], Answer]:
    """A handshake that advises another host for the next session, and knows this one no more."""
    advice = {"reconnect": "handshake", "interval": 0, "hosts": [f"127.0.0.1:{other.port}"]}
    return lambda answer: replies(*[each | {"advice": advice} for each in answer])


def lose_the_session(server: ScriptedServer, other: Eavesdropper) -> None:
    """Advise the other host, on a connect that is refused."""
    refusal = {"successful": False, "error": "402::session_unknown"}
    server.alter(Channel.META_CONNECT, lambda answer: pointing_to(other)([{**each, **refusal} for each in answer[-1:]]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transport", [name for name in TRANSPORTS if name != "callback-polling"])
@in_loop
async def test_an_advised_host_gets_no_credentials(way: str, transport: str) -> None:
    async with ScriptedServer() as server, Eavesdropper() as other:
        lose_the_session(server, other)
        client = client_of(way, server.url, transport)
        start = asyncio.create_task(client.start())
        await other.asked()
        start.cancel()
        await asyncio.wait({start})
        await client.close()
    assert b"/bayeux" in other.heard
    assert [secret for secret in SECRETS if secret in other.heard] == []


@pytest.mark.parametrize("way", [way for way in WAYS if way != "extension, in ext"])
@pytest.mark.parametrize("transport", ["long-polling", "aiohttp"])
@in_loop
async def test_a_redirect_to_another_origin_carries_no_credentials(way: str, transport: str) -> None:
    async with ScriptedServer() as server, Eavesdropper() as other:
        moved = Answer(b"", status=307, headers={"Location": f"http://127.0.0.1:{other.port}/elsewhere"})
        server.spoil(Channel.META_HANDSHAKE, *[lambda asked: moved] * 5)
        client = client_of(way, server.url, transport)
        start = asyncio.create_task(client.start())
        await other.asked()
        start.cancel()
        await asyncio.wait({start})
        await client.close()
    assert b"POST /elsewhere" in other.heard
    assert [secret for secret in SECRETS if secret in other.heard] == []


# -- headers


class Adds:
    """Adds a header to each request."""

    def __init__(self, name: str, value: str) -> None:
        self._header = (name, value)

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        request.headers[self._header[0]] = self._header[1]


INJECTIONS: Final = {
    "in the value": ("X-Tenant", "acme\r\nX-Admin: yes"),
    "in the value, by a line feed": ("X-Tenant", "acme\nX-Admin: yes"),
    "in the name": ("X-Tenant: acme\r\nX-Admin", "yes"),
    "a request in the value": ("X-Tenant", "acme\r\n\r\nPOST /admin HTTP/1.1\r\nX-Admin: yes"),
}
injections = pytest.mark.parametrize(("name", "value"), INJECTIONS.values(), ids=INJECTIONS.keys())
transports = pytest.mark.parametrize("transport", ["long-polling", "websocket", "aiohttp"])


async def heard_of(*extensions: object, transport: str, **arguments: Any) -> tuple[bytes, list[BayeuxError]]:
    """What a server hears of a client, and what the client reports."""
    names, of_transport = TRANSPORTS[transport]
    journal = Journal()
    async with Eavesdropper() as other:
        client = AsyncClient(
            f"http://127.0.0.1:{other.port}/bayeux",
            discover=False,
            backoff=IMPATIENT,
            transports=names[:1],
            extensions=[*of_transport(), *extensions, journal],
            **arguments,
        )
        try:
            await client.start(0.5)
        except BayeuxError as error:
            journal.errors.append(error)
        except TimeoutError:
            pass
        await client.close()
        return other.heard, journal.errors


@injections
@transports
@in_loop
async def test_a_header_of_the_user_makes_no_other(name: str, value: str, transport: str) -> None:
    heard, errors = await heard_of(transport=transport, headers={name: value})
    assert b"X-Admin:" not in heard
    assert any("headers=" in str(error) for error in errors)


@injections
@transports
@in_loop
async def test_a_header_of_an_extension_makes_no_other(name: str, value: str, transport: str) -> None:
    heard, errors = await heard_of(Adds(name, value), transport=transport)
    assert b"X-Admin:" not in heard
    assert errors


@pytest.mark.parametrize("token", ["t0ken\r\nX-Admin: yes", "t0ken\nX-Admin: yes", "t0ken\x00"])
def test_a_token_is_one_line(token: str) -> None:
    with pytest.raises(ValueError, match="without control characters"):
        Auth(token)


@pytest.mark.parametrize("transport", ["long-polling", "aiohttp"])
@in_loop
async def test_a_cookie_of_a_server_makes_no_header(transport: str) -> None:
    _, of_transport = TRANSPORTS[transport]
    cookie = "sid=1\x0b\r\n X-Admin: yes"  # a folded header, as old servers wrote them
    async with ScriptedServer() as server:
        server.alter(Channel.META_HANDSHAKE, lambda answer: _with_cookie(replies(*answer), cookie))
        client = AsyncClient(
            server.url, discover=False, backoff=IMPATIENT, transports=["long-polling"], extensions=of_transport()
        )
        async with client:
            await server.received(Channel.META_CONNECT)
    assert not any("x-admin" in headers for headers in server.headers)


def _with_cookie(answer: Answer, cookie: str) -> Answer:
    return Answer(answer.body, headers={"Set-Cookie": cookie})
