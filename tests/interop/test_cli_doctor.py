"""`pybayeux doctor` as people and programs run it, against real servers, and against none."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from tests.support.command_line import CommandLine, run_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory as DevServerFactory
    from tests.servers.server import Server
    from tests.support.command_line import Ended


class Doctor(Protocol):
    """Runs `pybayeux doctor` to its end."""

    def __call__(self, *arguments: str, **settings: Any) -> Ended: ...


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    def run(*arguments: str, **settings: Any) -> Ended:
        return run_in_process("doctor", *arguments, folder=tmp_path, **settings)

    return run


class _Handler(BaseHTTPRequestHandler):
    """Answers posts and gets alike, with what `reply` makes of the body."""

    def do_POST(self) -> None:
        content, headers = self.reply(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def reply(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        raise NotImplementedError

    def log_message(self, *args: object) -> None: ...


@contextmanager
def _serving(handler: type[_Handler]) -> Iterator[str]:
    """The address of a server."""
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cometd"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web_page() -> Iterator[str]:
    """The address of a server that answers everything with a web page."""

    class Page(_Handler):
        def reply(self, body: bytes) -> tuple[bytes, dict[str, str]]:
            return b"<html>Log in, please</html>", {"Content-Type": "text/html"}

    with _serving(Page) as url:
        yield url


@contextmanager
def _proxy_without_cookies(server: Server, *, both_ways: bool) -> Iterator[str]:
    """The address of a proxy that keeps the client's cookies from a server, or the server's from the client too."""

    class Stripping(_Handler):
        def reply(self, body: bytes) -> tuple[bytes, dict[str, str]]:
            answer = httpx.post(server.url, content=body, headers={"Content-Type": "application/json"})
            cookies = {} if both_ways else {"Set-Cookie": answer.headers["Set-Cookie"]} if answer.cookies else {}
            return answer.content, {"Content-Type": "application/json"} | cookies

    with _serving(Stripping) as url:
        yield url


def _report(ended: Ended) -> dict[str, Any]:
    report = json.loads("\n".join(ended.out))
    assert isinstance(report, dict)
    return report


def _by_name(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in entries}


def _states(report: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["state"] for each in report["extensions"]}


def test_a_real_server_is_told_of(any_server: Server, doctor: Doctor) -> None:
    ended = doctor("--json", any_server.url)
    report = _report(ended)
    assert (ended.code, report["problems"]) == (0, []), report
    assert (report["answers"], report["status"], report["is_bayeux"], report["version"]) == (True, 200, True, "1.0")
    transports = _by_name(report["transports"])
    assert set(transports) == {"long-polling", "callback-polling", "websocket"}
    for name, transport in transports.items():
        assert transport["offered"] == (name in report["offered"])
        assert transport["works"] is (True if transport["offered"] else None)
    assert transports["websocket"]["works"]
    connects = transports["long-polling"]["connects"]
    assert connects["count"] == 5
    assert 0 < connects["min"] <= connects["median"] < 5000
    assert report["advice"]["reconnect"] == "retry"
    assert {session.id for session in any_server.control.sessions()} == set()


def test_a_real_cometd_takes_part_in_extensions(cometd_server: Server, doctor: Doctor) -> None:
    report = _report(doctor("--json", cometd_server.url, "-p", "no:binary"))
    states = _states(report)
    assert (states["ack"], states["timesync"], states["binary"]) == ("used", "used", "disabled")
    assert states["auth"] == "not configured"
    assert report["announced"]["ack"] is True
    assert report["clock"]["source"] == "timesync"
    assert abs(report["clock"]["offset_ms"]) < 1000
    assert "BAYEUX_BROWSER" in report["cookies"]


def test_a_real_faye_takes_no_part(faye_server: Server, doctor: Doctor) -> None:
    report = _report(doctor("--json", faye_server.url))
    assert _states(report)["ack"] == "without effect"
    assert report["announced"] == {}


@pytest.mark.parametrize(
    ("both_ways", "words"), [(False, "it did not get its cookie (BAYEUX_BROWSER) back"), (True, "Set-Cookie")]
)
def test_a_proxy_that_strips_cookies_is_suspected(
    both_ways: bool, words: str, cometd_server: Server, doctor: Doctor
) -> None:
    with _proxy_without_cookies(cometd_server, both_ways=both_ways) as url:
        ended = doctor("--json", url, "--transport", "long-polling")
    [problem] = _report(ended)["problems"]
    assert problem["what"].startswith("the server answers 402 to the first connect by long-polling")
    assert words in problem["remedy"]
    assert "a proxy may strip" in problem["remedy"]


def test_people_can_read_it(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    with CommandLine("doctor", bayeux_server.url, folder=tmp_path) as command:
        ended = command.ended()
    text = "\n".join(ended.out)
    assert ended.code == 0
    assert ended.err == []
    for words in ["Bayeux 1.0 (HTTP 200)", "websocket", "works", "ack (pybayeux-ack", "used", "Nothing is wrong."]:
        assert words in text
    assert bayeux_server.sessions == []


def test_a_web_page_is_no_bayeux(web_page: str, doctor: Doctor) -> None:
    ended = doctor("--json", web_page)
    report = _report(ended)
    assert (ended.code, report["answers"], report["status"], report["is_bayeux"]) == (1, True, 200, False)
    assert "is not Bayeux" in report["problems"][0]["what"]
    assert "login page" in report["problems"][0]["remedy"]


def test_nothing_that_listens(doctor: Doctor) -> None:
    ended = doctor("http://127.0.0.1:9/cometd")
    text = "\n".join(ended.out)
    assert ended.code == 1
    assert "nothing listens there" in text
    assert "not tried: the server does not respond" in text


def test_no_text_has_a_secret(bayeux_server_factory: DevServerFactory, doctor: Doctor) -> None:
    server = bayeux_server_factory(tokens=["right-token"])
    url = server.url.replace("http://", "http://me:hunter2hunter2@") + "?key=hunter4hunter4"
    arguments = ("-H", "Authorization: Bearer hunter3hunter3", "-v", "--trace", "--json")
    ended = doctor(url, *arguments)
    assert ended.code == 1
    assert "hunter" not in "\n".join(ended.out + ended.err)
    assert any("send credentials" in each["remedy"] for each in _report(ended)["problems"])


def test_a_refused_upgrade_is_a_problem_of_one_transport(bayeux_server: BlockingServer, doctor: Doctor) -> None:
    bayeux_server.faults.refuse_websocket(100, status=404)
    report = _report(doctor("--json", bayeux_server.url))
    assert [each["works"] for each in report["transports"]] == [True, True, False]
    assert "the server offers websocket, but it does not work" in report["problems"][0]["what"]
    assert "proxy" in report["problems"][0]["remedy"]


def test_it_is_bounded_in_time(bayeux_server: BlockingServer, doctor: Doctor) -> None:
    bayeux_server.faults.hold_replies(100, channel="/meta/connect")
    ended = doctor("--json", bayeux_server.url, "--timeout", "1")
    assert ended.code == 1
    assert "not done within 1 seconds" in _report(ended)["problems"][0]["what"]


def test_a_signal_ends_it_with_a_disconnect(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    bayeux_server.faults.hold_replies(100, channel="/meta/connect")
    with CommandLine("doctor", bayeux_server.url, "-v", folder=tmp_path) as command:
        command.told("-> Message(channel='/meta/connect'")
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert (ended.code, ended.out) == (130, [])
    assert bayeux_server.received("/meta/disconnect")


def test_wrong_usage_is_2(doctor: Doctor) -> None:
    for arguments in [("nowhere",), ("http://x/", "--transport", "pigeon"), ("http://x/", "-x", "nothing.size=1")]:
        assert doctor(*arguments).code == 2, arguments


def test_the_trace_is_told_on_standard_error(bayeux_server: BlockingServer, doctor: Doctor) -> None:
    for arguments, environment in [(["--trace"], {}), ([], {"PYBAYEUX_TRACE": "1"})]:
        ended = doctor(bayeux_server.url, "--transport", "long-polling", *arguments, environment=environment)
        [line] = [line for line in ended.err if "ack outgoing /meta/handshake" in line]
        assert line.endswith(" µs, ext.ack absent -> true")
        assert not [line for line in ended.err if "command-line" in line]
