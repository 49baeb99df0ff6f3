from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.login import callback_server
from pybayeux_auth.login.callback_server import CallbackServer

if TYPE_CHECKING:
    from collections.abc import Coroutine

STATE = "the state"


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_system_chooses_a_port(host: str) -> None:
    async def scenario() -> None:
        async with CallbackServer(f"http://{host}/back", STATE) as server, _http() as http:
            parts = urlsplit(server.redirect_uri)
            assert (parts.hostname, parts.path) == (host, "/back")
            assert parts.port
            page = await http.get(server.redirect_uri, params={"state": STATE, "code": "c"})
            assert page.status_code == 200
            assert "You may close this page." in page.text
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert await server.answer() == {"state": STATE, "code": "c"}

    _run(scenario())


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_localhost_is_both_of_its_addresses() -> None:
    async def scenario() -> None:
        async with CallbackServer("http://localhost:0/", STATE) as server, _http() as http:
            port = urlsplit(server.redirect_uri).port
            for host in ("127.0.0.1", "[::1]"):
                assert (await http.get(f"http://{host}:{port}/nothing")).status_code == 404

    _run(scenario())


def test_it_waits_for_the_right_answer_alone() -> None:
    async def scenario() -> None:
        async with CallbackServer("http://127.0.0.1:0/back", STATE) as server, _http() as http:
            answer = asyncio.ensure_future(server.answer())
            for parameters in ({"code": "x"}, {"state": "wrong", "code": "x"}, {"state": STATE}, {"error": "x"}, {}):
                assert (await http.get(server.redirect_uri, params=parameters)).status_code == 400
            assert (
                await http.get(f"{server.redirect_uri}/other", params={"state": STATE, "code": "x"})
            ).status_code == 404
            assert (await http.post(server.redirect_uri, params={"state": STATE, "code": "x"})).status_code == 501
            assert not answer.done()
            refused = await http.get(server.redirect_uri, params={"state": STATE, "error": "access_denied"})
            assert "Not logged in" in refused.text
            assert (await answer)["error"] == "access_denied"
            # A browser may ask again. The first answer counts.
            assert (await http.get(server.redirect_uri, params={"state": STATE, "code": "x"})).status_code == 200
            assert (await server.answer())["error"] == "access_denied"

    _run(scenario())


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_a_chosen_port_is_free_on_both_addresses_of_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[socket.socket] = []
    make = callback_server._server

    def make_once(address: str, port: int, *others: Any) -> Any:
        server = make(address, port, *others)
        if not taken:  # another program takes the same port of the other address
            taken.append(socket.create_server(("::1", server.server_address[1]), family=socket.AF_INET6))
        return server

    async def scenario() -> None:
        async with CallbackServer("http://localhost:0/", STATE) as server:
            assert urlsplit(server.redirect_uri).port != taken[0].getsockname()[1]

    monkeypatch.setattr(callback_server, "_server", make_once)
    try:
        _run(scenario())
    finally:
        for each in taken:
            each.close()


def test_nothing_listens_after_the_end() -> None:
    async def scenario() -> None:
        async with CallbackServer("http://127.0.0.1:0/", STATE) as server:
            pass
        async with _http() as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(server.redirect_uri)

    _run(scenario())


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    async def scenario() -> None:
        async with CallbackServer("http://127.0.0.1:0/", STATE) as server:
            port = urlsplit(server.redirect_uri).port
            for host in ("127.0.0.1", "localhost"):
                with pytest.raises(LoginMisconfiguredError, match=f"port {port} of {host}: .*--port"):
                    async with CallbackServer(f"http://{host}:{port}/", STATE):
                        pass

    _run(scenario())


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:x/",
        "http://localhost:99999/",
        "http://me@localhost/",
        "https://localhost/",
        "http://example.com/",
        "http://0.0.0.0:1/",
        "http://localhost/?a=b",
        "localhost",
    ],
)
def test_other_redirect_uris_are_errors(uri: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="redirect URI: expected http://localhost:PORT/PATH"):
        CallbackServer(uri, STATE)
