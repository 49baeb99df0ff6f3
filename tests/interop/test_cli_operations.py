"""`pybayeux listen` under a supervisor: its probes, its log, and its end. Real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import CommandLine, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(url: str) -> tuple[int, Any]:
    try:
        with _OPENER.open(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _port_of(command: CommandLine) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", command.told("health: "))
    assert found is not None
    return found[0]


# -- probes


def test_it_answers_for_its_health(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    with CommandLine("listen", bayeux_server.url, "/a", "--health-port", "0", folder=tmp_path) as command:
        url = _port_of(command)
        command.told("listening")
        code, answer = _get(f"{url}/ready")
        assert (code, answer["state"], answer["inactive"], answer["lag"]) == (200, "connected", {}, {"/a": 0})
        bayeux_server.faults.unavailable(1000)
        bayeux_server.faults.drop_sessions()
        command.told("503")
        code, answer = _get(f"{url}/ready")
        assert (code, answer["ready"], "503" in answer["error"]) == (503, False, True)
        assert _get(f"{url}/live")[0] == 200


def test_it_answers_while_it_connects_for_the_first_time(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    bayeux_server.faults.unavailable(1000)
    with CommandLine("listen", bayeux_server.url, "/a", "--health-port", "0", folder=tmp_path) as command:
        url = _port_of(command)
        command.told("503")
        assert (_get(f"{url}/live")[0], _get(f"{url}/ready")[0]) == (200, 503)


def test_a_port_that_is_taken_is_one_line_and_code_one(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    port = bayeux_server.url.split(":")[2].partition("/")[0]
    with CommandLine("listen", bayeux_server.url, "/a", "--health-port", port, folder=tmp_path) as command:
        ended = command.ended()
    assert ended.code == 1
    [line] = ended.err
    assert f"--health-port: cannot listen on 127.0.0.1:{port}: " in line
    assert "in use" in line


# -- the log


@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_log_is_json_if_that_is_wanted(way: str, bayeux_server_factory: ServerFactory, tmp_path: Path) -> None:
    server = bayeux_server_factory(deny_subscribe=("/denied",), tokens=("very-s3cr3t-token",), auth_style="http")
    option = ["--log-format", "json"] if way == "option" else []
    environment = {"PYBAYEUX_AUTH_TOKEN": "very-s3cr3t-token"}
    environment |= {"PYBAYEUX_LOG_FORMAT": "json"} if way == "variable" else {}
    arguments = ["listen", "-v", *option, server.url, "/denied"]
    with CommandLine(*arguments, folder=tmp_path, environment=environment) as command:
        ended = command.ended()
    lines = [json.loads(line) for line in ended.err]
    assert ended.code == 1
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert [line["state"] for line in lines if "state" in line] == ["connected"]
    assert [line["level"] for line in lines if line["level"] not in ("debug", "info")] == ["error"]
    assert (lines[-1]["level"], lines[-1]["message"][:25]) == ("error", "subscribe /denied failed:")
    assert "very-s3cr3t-token" not in "".join(ended.err)


# -- the end


def test_sigterm_commits_and_disconnects(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    ids = [bayeux_server.publish("/a", {"n": number}) for number in range(3)]
    store = ("--since", "earliest", "-x", "replay.store=positions.db", "-x", "replay.commit:=3600")
    with CommandLine("listen", bayeux_server.url, "/a", *store, folder=tmp_path) as command:
        for number in range(3):
            assert json.loads(command.line())["data"]["n"] == number
        command.process.send_signal(signal.SIGTERM)
        ended = command.ended()
    assert (ended.code, ended.out) == (143, [])
    assert bayeux_server.received("/meta/disconnect")
    shown = run_in_process("replay", "show", "--json", "--store", "positions.db", folder=tmp_path)
    assert [each["replay_id"] for each in json.loads("".join(shown.out))] == [ids[-1]]


def test_events_whose_write_outlasts_the_signal_are_committed(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    last = bayeux_server.publish("/a", {"long": "x" * 500_000})
    store = ("--since", "earliest", "-x", "replay.store=positions.db", "-x", "replay.commit:=3600")
    reading, writing = os.pipe()
    with open(reading, "rb") as source:
        with open(writing, "wb") as target:
            command = CommandLine("listen", bayeux_server.url, "/a", *store, folder=tmp_path, stdout=target)
        with command:
            assert source.read(1) == b"{"  # it writes, and the pipe is full
            command.process.send_signal(signal.SIGTERM)
            assert source.read().endswith(b"\n")
            assert command.ended().code == 143
    shown = run_in_process("replay", "show", "--json", "--store", "positions.db", folder=tmp_path)
    assert [each["replay_id"] for each in json.loads("".join(shown.out))] == [last]


def test_an_end_that_takes_too_long_is_code_one(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text('[local-extensions]\nslow = "slow:Slow"\n')
    (tmp_path / "slow.py").write_text(
        "import time\nfrom pybayeux import hookimpl\n\n\nclass Slow:\n    @hookimpl\n    def unregistered(self):\n"
        "        time.sleep(600)\n"  # the event loop stands still
    )
    arguments = ("listen", bayeux_server.url, "/a", "--grace", "0.2", "--log-format", "json")
    with CommandLine(*arguments, folder=tmp_path) as command:
        command.told("listening")
        command.process.send_signal(signal.SIGTERM)
        ended = command.ended()
    assert ended.code == 1
    assert json.loads(ended.err[-1])["message"].startswith("not ended within 0.2 seconds after the signal")
