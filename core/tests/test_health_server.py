"""`HealthServer`: what a supervisor gets."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import ConnectionState, Health, HealthServer
from pybayeux.errors import UsageError
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class _Client:
    def __init__(self, **health: Any) -> None:
        values: dict[str, Any] = {"live": True, "ready": True, "state": ConnectionState.CONNECTED}
        self.health = Health(**(values | {"error": None, "retry_in": None, "inactive": {}} | health))


_WELL = _Client(lag={"/a": 1.5})
_WAITING = _Client(ready=False, state=ConnectionState.UNCONNECTED, error=OSError("token=h1dden9"), retry_in=3.0)
_DEAD = _Client(live=False, ready=False, inactive={"/a": None, "/b": ValueError("no h1dden9")})


def _get(url: str) -> tuple[int, Any]:
    try:
        with _OPENER.open(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize(("client", "live", "ready"), [(_WELL, 200, 200), (_WAITING, 200, 503), (_DEAD, 503, 503)])
def test_codes_say_whether_it_is_live_and_ready(client: _Client, live: int, ready: int) -> None:
    with HealthServer(client, 0) as server:
        assert (_get(f"{server.url}/live")[0], _get(f"{server.url}/ready?verbose")[0]) == (live, ready)


def test_the_answer_says_why() -> None:
    with HealthServer(_WELL, 0) as server:
        assert _get(f"{server.url}/ready")[1] == {
            "live": True,
            "ready": True,
            "state": "connected",
            "error": None,
            "retry_in": None,
            "inactive": {},
            "lag": {"/a": 1.5},
        }
    with HealthServer(_DEAD, 0, redact=lambda text: text.replace("h1dden9", "***")) as server:
        assert _get(f"{server.url}/live")[1]["inactive"] == {"/a": None, "/b": "no ***"}


@pytest.mark.parametrize(
    ("clients", "live", "ready"),
    [
        ({"eu": _WELL, "us": _WELL}, 200, 200),
        ({"eu": _WELL, "us": _DEAD}, 200, 503),
        ({"eu": _DEAD, "us": _DEAD}, 503, 503),
        ({}, 200, 200),
    ],
)
def test_several_clients_are_ready_together(clients: Mapping[str, _Client], live: int, ready: int) -> None:
    with HealthServer(clients, 0) as server:
        assert _get(f"{server.url}/live")[0] == live
        code, answer = _get(f"{server.url}/ready")
    assert (code, answer["ready"]) == (ready, ready == 200)
    assert {name: each["ready"] for name, each in answer["clients"].items()} == {
        name: each.health.ready for name, each in clients.items()
    }


def test_other_requests_are_told_what_is_expected() -> None:
    with HealthServer(_WELL, 0) as server:
        assert _get(f"{server.url}/metrics") == (404, {"error": "expected one of /live, /ready"})
        connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("HEAD", "/live")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), int(answer.headers["Content-Length"]) > 20) == (200, b"", True)
        connection.close()
        connection.request("POST", "/live", b"x")
        refusal = connection.getresponse()
        assert (refusal.status, refusal.headers["Allow"]) == (405, "GET, HEAD")
        connection.close()


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"\x16\x03\x01 hello\r\n\r\n", b"400"), (b"GET /live HTTP/1.1\r\nX: " + b"x" * 40_000, b"431")],
)
def test_what_is_no_request_is_refused(sent: bytes, code: bytes) -> None:
    with HealthServer(_WELL, 0) as server, socket.create_connection(("127.0.0.1", server.port), 10) as peer:
        peer.sendall(sent)
        assert peer.recv(100).split()[1] == code
        assert _get(f"{server.url}/live")[0] == 200


def test_a_peer_that_says_nothing_holds_nothing_up() -> None:
    with HealthServer(_WELL, 0) as server, socket.create_connection(("127.0.0.1", server.port), 10):
        with socket.create_connection(("127.0.0.1", server.port), 10) as other:
            other.sendall(b"GET /li")
        assert _get(f"{server.url}/live")[0] == 200


def test_too_many_peers_are_not_served() -> None:
    with HealthServer(_WELL, 0) as server:
        peers = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(65)]
        assert peers[-1].recv(1) == b""
        for each in peers:
            each.close()


@in_loop
async def test_it_lives_as_long_as_its_block() -> None:
    server = HealthServer(_WELL, 0)
    async with server:
        port = server.port
        assert (await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/live"))[0] == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            await HealthServer(_WELL, port).start()
    assert await reader.read() == b""
    writer.close()
    await server.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    assert repr(HealthServer(_WELL, 8081, "::1")) == "<HealthServer http://[::1]:8081>"


@in_loop
async def test_an_event_loop_is_not_blocked() -> None:
    with pytest.raises(UsageError, match="async with"), HealthServer(_WELL, 0):
        pass


def test_a_port_that_is_taken_leaves_no_thread() -> None:
    with HealthServer(_WELL, 0) as server, pytest.raises(OSError, match="in use"), HealthServer(_WELL, server.port):
        pass
