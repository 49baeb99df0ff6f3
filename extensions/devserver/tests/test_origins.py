"""Requests as browsers send them: from pages of the server, from pages of other origins, and under foreign names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE: Final = "http://page.example:3000"
HANDSHAKE: Final = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}

FOREIGN: Final[dict[str, Mapping[str, str]]] = {
    "form or fetch of another page": {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"},
    "page on another port": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    "page of a file": {"Origin": "null"},
    "image, script or link of another page": {"Sec-Fetch-Site": "cross-site"},
    "image, script or link of another port": {"Sec-Fetch-Site": "same-site"},
    "rebound name": {"Host": "rebound.example:8080"},
    "rebound name, with its own origin": {
        "Host": "rebound.example:8080",
        "Origin": "http://rebound.example:8080",
        "Sec-Fetch-Site": "same-origin",
    },
    "name that only looks local": {"Host": "localhost.rebound.example"},
    "host that is none": {"Host": "[::1"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
@in_loop
async def test_control_interface_is_closed_to_pages_of_other_origins(headers: Mapping[str, str]) -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        for method, path in (
            ("GET", "/requests"),
            ("GET", "/traffic"),
            ("POST", "/tokens"),
            ("OPTIONS", "/tokens"),
            ("POST", "/none"),
        ):
            response = await http.request(method, server.control_url + path, headers=headers)
            assert response.status_code == 403
            assert "access-control-allow-origin" not in response.headers
        assert not server.tokens.required


@pytest.mark.parametrize(
    ("headers", "texts"),
    [
        ({"Origin": PAGE}, (f"Origin: {PAGE!r}", "control interface", "without a browser")),
        ({"Sec-Fetch-Site": "cross-site"}, ("Sec-Fetch-Site: 'cross-site'", "without a browser")),
        ({"Host": "rebound.example"}, ("Host: 'rebound.example'", "--host", "http://127.0.0.1:")),
    ],
)
@in_loop
async def test_refusal_says_what_was_wrong_and_what_to_do(headers: Mapping[str, str], texts: tuple[str, ...]) -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        response = await http.get(server.control_url + "/", headers=headers)
        assert [text for text in texts if text not in response.text] == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "app.localhost", "127.0.0.1", "192.168.7.7", "[::1]"])
@in_loop
async def test_control_interface_is_open_to_its_own_pages_and_to_programs(host: str) -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        name = f"{host}:{httpx.URL(server.url).port}"
        own_page = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
        typed_address, program = {"Host": name, "Sec-Fetch-Site": "none"}, {"Host": name}
        for headers in (own_page, typed_address, program):
            assert (await http.get(server.control_url + "/", headers=headers)).status_code == 200


@in_loop
async def test_control_interface_is_open_under_the_name_that_the_server_was_given() -> None:
    async with DevServer(host="localhost") as server, httpx.AsyncClient() as http:
        assert (await http.get(server.control_url + "/")).status_code == 200


def _preflight(method: str, headers: str) -> dict[str, str]:
    return {"Origin": PAGE, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


@pytest.mark.parametrize("path", ["", "/", "/handshake"])
@in_loop
async def test_preflight_of_a_page_of_another_origin(path: str) -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        asked = _preflight("POST", "authorization,content-type,x-tenant")
        response = await http.options(server.url + path, headers=asked)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == PAGE
        assert response.headers["access-control-allow-credentials"] == "true"
        assert "POST" in response.headers["access-control-allow-methods"]
        assert response.headers["access-control-allow-headers"] == "authorization,content-type,x-tenant"
        assert list(server.recorder.requests) == []


@in_loop
async def test_preflight_to_a_server_of_a_private_network() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        asked = _preflight("POST", "content-type") | {"Access-Control-Request-Private-Network": "true"}
        response = await http.options(server.url, headers=asked)
        assert response.headers["access-control-allow-private-network"] == "true"


async def _send(http: httpx.AsyncClient, url: str, *messages: Any, **headers: str) -> httpx.Response:
    """Send as a page of another origin does, whose browser keeps no cookie of this server."""
    http.cookies.clear()
    return await http.post(url, json=messages, headers={"Origin": PAGE, "Sec-Fetch-Site": "cross-site", **headers})


@in_loop
async def test_page_of_another_origin_holds_a_conversation() -> None:
    async with DevServer(cookie=True) as server, httpx.AsyncClient() as http:
        response = await _send(http, server.url, HANDSHAKE)
        assert response.headers["access-control-allow-origin"] == PAGE
        client_id = response.json()[0]["clientId"]
        subscribe = {"channel": "/meta/subscribe", "clientId": client_id, "subscription": "/a"}
        assert (await _send(http, server.url, subscribe)).json()[0]["successful"]
        await server.publish("/a", {"n": 1})
        connect = {"channel": "/meta/connect", "clientId": client_id, "connectionType": "long-polling"}
        event, reply = (await _send(http, server.url, connect)).json()
        assert (event["data"]["n"], reply["successful"]) == (1, True)


@in_loop
async def test_scripts_of_a_page_of_another_origin_need_no_cookie() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        client_id = (await _send(http, server.url, HANDSHAKE)).json()[0]["clientId"]
        http.cookies.clear()
        message = f'[{{"channel":"/meta/subscribe","clientId":"{client_id}","subscription":"/a"}}]'
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"}
        script = await http.get(server.url, params={"message": message}, headers=headers)
        assert '"successful":true' in script.text


@in_loop
async def test_page_may_read_errors() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        server.faults.unavailable()
        response = await _send(http, server.url, HANDSHAKE)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (503, PAGE)


@in_loop
async def test_programs_see_no_difference() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        client_id = (await http.post(server.url, json=[HANDSHAKE])).json()[0]["clientId"]
        http.cookies.clear()
        connect = {"channel": "/meta/connect", "clientId": client_id, "connectionType": "long-polling"}
        response = await http.post(server.url, json=[connect])
        assert response.json()[0]["error"] == "402::session_unknown"
        assert "access-control-allow-origin" not in response.headers
