from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver import DevServer
from pybayeux_devserver.protocol.errors import MalformedRequestError
from pybayeux_devserver.transports.callback_polling import callback_name, script

TYPES = ("long-polling", "callback-polling")


class Page:
    """Sends messages in the query, as a script element does."""

    def __init__(self, server: DevServer) -> None:
        self.server = server
        self.http = httpx.AsyncClient(timeout=10)
        self.client_id = ""

    async def get(self, *messages: dict[str, Any], **query: str) -> httpx.Response:
        return await self.http.get(self.server.url, params={"message": json.dumps(messages), **query})

    async def ask(self, channel: str, **members: Any) -> list[dict[str, Any]]:
        response = await self.get({"channel": channel, "clientId": self.client_id, **members}, jsonp="f")
        replies: list[dict[str, Any]] = json.loads(response.text.removeprefix("f(").removesuffix(");"))
        return replies

    async def connect(self) -> list[dict[str, Any]]:
        return await self.ask("/meta/connect", connectionType="callback-polling")

    async def join(self, *channels: str) -> None:
        [reply] = await self.ask("/meta/handshake", supportedConnectionTypes=["callback-polling"])
        self.client_id = reply["clientId"]
        await self.connect()
        await self.ask("/meta/subscribe", subscription=list(channels))
        self.server.recorder.clear()

    async def __aenter__(self) -> Page:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()


@in_loop
async def test_held_connect_is_answered_with_an_event_in_a_script() -> None:
    async with DevServer(replay=False, connection_types=TYPES) as server, Page(server) as page:
        await page.join("/a")
        connect = asyncio.create_task(page.connect())
        await server.recorder.received("/meta/connect")
        await server.publish("/a", "ü")
        assert [message.get("data") for message in await connect] == ["ü", None]
        assert server.recorder.requests[-1].transport == "callback-polling"


@in_loop
async def test_the_reply_is_a_script_with_a_cookie() -> None:
    async with DevServer(connection_types=TYPES) as server, Page(server) as page:
        response = await page.get({"channel": "/meta/handshake", "supportedConnectionTypes": ["callback-polling"]})
        assert response.headers["content-type"] == "text/javascript;charset=UTF-8"
        assert response.text.startswith("jsonpcallback([{")
        assert response.text.endswith("}]);")
        assert "BAYEUX_BROWSER" in response.cookies


@in_loop
async def test_the_older_of_two_connects_fails() -> None:
    async with DevServer(connection_types=TYPES) as server, Page(server) as page:
        await page.join("/a")
        connect = {"channel": "/meta/connect", "clientId": page.client_id, "connectionType": "callback-polling"}
        older = asyncio.create_task(page.get(connect))
        await server.recorder.received("/meta/connect")
        assert (await page.get({**connect, "advice": {"timeout": 0}})).status_code == 200
        assert (await older).status_code == 500


@in_loop
async def test_faults_apply_to_scripts_too() -> None:
    async with DevServer(connection_types=TYPES) as server, Page(server) as page:
        server.faults.unavailable()
        assert (await page.get({"channel": "/meta/handshake"})).status_code == 503
        server.faults.lose_replies()
        with pytest.raises(httpx.RemoteProtocolError):
            await page.get({"channel": "/meta/handshake"})


@pytest.mark.parametrize(
    "query",
    [{}, {"message": "[]"}, {"message": "x"}, {"message": '[{"channel":"/a"}]', "jsonp": "alert(1);f"}],
)
@in_loop
async def test_malformed_request_gets_400(query: dict[str, str]) -> None:
    async with DevServer(connection_types=TYPES) as server, httpx.AsyncClient() as http:
        assert (await http.get(server.url, params=query)).status_code == 400
        assert not server.recorder.requests


@in_loop
async def test_a_long_uri_is_refused() -> None:
    async with DevServer(connection_types=TYPES, max_uri_length=100) as server, httpx.AsyncClient() as http:
        for size, status in [(100, 200), (101, 414)]:
            url = httpx.URL(server.url, params={"jsonp": "f", "message": "[{}]", "filler": ""})
            filler = "x" * (size - len(url.raw_path))
            assert (await http.get(f"{url}{filler}")).status_code == status


@in_loop
async def test_transport_is_absent_unless_offered() -> None:
    async with DevServer(connection_types=("long-polling",)) as server, Page(server) as page:
        assert (await page.get({"channel": "/meta/handshake"})).status_code == 405


@pytest.mark.parametrize("name", ["f", "_cometd_jsonp_0", "__jsonp1__", "a.b.$c"])
def test_names_of_functions(name: str) -> None:
    assert callback_name(name) == name


@pytest.mark.parametrize("name", ["", "1f", "a..b", ".a", "a.", "f(", "f\n", "ü", "a b", "a[0]"])
def test_invalid_names_of_functions(name: str) -> None:
    with pytest.raises(MalformedRequestError, match="jsonp"):
        callback_name(name)


def test_a_guarded_script() -> None:
    messages = [{"data": "a\u2028b\u2029c"}]
    assert script("f", messages, guarded=False).decode() == 'f([{"data":"a\u2028b\u2029c"}]);'
    assert script("f", messages, guarded=True).decode() == r'/**/f([{"data":"a\u2028b\u2029c"}]);'


@in_loop
async def test_scripts_can_be_guarded_by_an_option() -> None:
    async with DevServer(connection_types=TYPES, guarded_scripts=True) as server, Page(server) as page:
        assert (await page.get({"channel": "/x"})).text.startswith("/**/jsonpcallback([")
