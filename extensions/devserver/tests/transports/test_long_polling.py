from __future__ import annotations

import asyncio

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.protocol.errors import MalformedRequestError
from pybayeux_devserver.transports.long_polling import parse_body

FORM = "application/x-www-form-urlencoded; charset=UTF-8"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'[{"channel":"/a"}]', "application/json"),
        (b'{"channel":"/a"}', ""),
        (b"message=%5B%7B%22channel%22%3A%22%2Fa%22%7D%5D", FORM),
    ],
)
def test_parse_body(body: bytes, content_type: str) -> None:
    assert parse_body(body, content_type) == [{"channel": "/a"}]


def test_a_form_may_have_several_parameters() -> None:
    assert parse_body(b'message={"a":1}&message=[{"b":2},{"c":3}]', FORM) == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"not json", ""), (b"", ""), (b"[]", ""), (b"[1]", ""), (b'"x"', ""), (b'["\xff"]', ""), (b"other=1", FORM)],
)
def test_malformed_bodies(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedRequestError):
        parse_body(body, content_type)


@in_loop
async def test_a_conversation() -> None:
    async with DevServer(replay=False) as server, PollingClient(server) as client:
        response = await client.handshake()
        assert response.headers["content-type"] == "application/json;charset=UTF-8"
        assert "BAYEUX_BROWSER" in response.cookies
        assert (await client.connect()).json()[0]["successful"]
        assert (await client.ask("/meta/subscribe", subscription="/a")).json()[0]["successful"]
        await server.publish("/a", "ü")
        assert await client.events() == ["ü"]
        assert (await client.ask("/meta/disconnect")).json()[0]["successful"]


@pytest.mark.parametrize("path", ["/cometd", "/", "/a/b"])
@in_loop
async def test_the_message_type_may_be_part_of_the_path(path: str) -> None:
    async with DevServer(path=path) as server, httpx.AsyncClient() as http:
        for url in (server.url, f"{server.url.rstrip('/')}/", f"{server.url.rstrip('/')}/handshake"):
            response = await http.post(url, json=[{"channel": "/meta/handshake"}])
            assert response.json()[0]["error"].startswith("301")


@in_loop
async def test_malformed_request_gets_400() -> None:
    async with DevServer(connection_types=("long-polling",)) as server, httpx.AsyncClient() as http:
        assert (await http.post(server.url, content=b"not json")).status_code == 400
        assert (await http.get(server.url)).status_code == 405


@in_loop
async def test_client_that_leaves_during_its_request() -> None:
    async with DevServer() as server:
        port = httpx.URL(server.url).port
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with PollingClient(server) as client:
            assert (await client.handshake()).json()[0]["successful"]
