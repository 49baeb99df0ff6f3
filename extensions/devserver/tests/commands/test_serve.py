from __future__ import annotations

import json
import signal
import subprocess
import sys
from importlib import import_module
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner
from websockets.sync.client import connect

from pybayeux_devserver.commands import serve

PROGRAM = "from pybayeux_devserver.commands import serve; serve()"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_runs_until_a_signal(number: signal.Signals) -> None:
    arguments = ["--port", "0", "--stream", "/orders", "--rate", "1000", "--path", "/bayeux"]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[3].rstrip(",")
            assert url.endswith("/bayeux")
            page = process.stdout.readline().split()[-1]
            assert page == url.removesuffix("bayeux")
            assert httpx.get(page).text.startswith("<!doctype html>")
            assert _streamed(url)[0].keys() >= {"number", "item", "time", "event"}
            process.send_signal(number)
            assert process.stdout.read() == "Stopped.\n"
            assert process.wait() == 0
        finally:
            process.kill()


def _streamed(url: str) -> list[Any]:
    with httpx.Client() as http:

        def send(channel: str, **members: Any) -> list[dict[str, Any]]:
            messages: list[dict[str, Any]] = http.post(url, json=[{"channel": channel, **members}]).json()
            return messages

        client_id = send("/meta/handshake", supportedConnectionTypes=["long-polling"])[0]["clientId"]
        send("/meta/subscribe", clientId=client_id, subscription="/orders")
        send("/meta/connect", clientId=client_id, connectionType="long-polling")
        messages = send("/meta/connect", clientId=client_id, connectionType="long-polling")
        return [message["data"] for message in messages if "data" in message]


def test_options_and_greetings_reach_the_server() -> None:
    arguments = ["--port", "0", "--greet", "/hello"]
    for kind in ("websocket", "callback-polling"):
        arguments += ["--connection-type", kind]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[3]
            with connect(url.replace("http", "ws", 1), proxy=None) as socket:
                socket.send('[{"channel": "/meta/handshake", "supportedConnectionTypes": ["websocket"]}]')
                [reply], [greeting] = json.loads(socket.recv()), json.loads(socket.recv())
            assert reply["supportedConnectionTypes"] == ["websocket", "callback-polling"]
            assert reply["x-messages"] == 1
            assert greeting["channel"] == "/hello"
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--stream", "/meta/x"], "expected a broadcast channel"),
        (["--rate", "0"], "not in the range"),
        (["--connection-type", "smoke"], "websocket"),
        (["--greet", "/meta/x"], "expected a broadcast channel"),
        (["--port", "65536"], "not in the range"),
        (["--timeout", "-1", "--port", "0"], "timeout: expected 0 or more"),
        (["--host", "256.0.0.1", "--port", "0"], "256.0.0.1"),
    ],
)
def test_invalid_options_are_explained(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(serve, arguments)
    assert result.exit_code == (1 if "--host" in arguments else 2)
    assert why in result.output


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        (["--host", "256.0.0.1"], True),
        (["--host", "256.0.0.1", "--no-control"], False),
        (["--host", "127.1.2.3"], False),
        (["--host", "localhost"], False),
        ([], False),
    ],
)
def test_control_interface_that_others_can_reach_is_warned_of(arguments: list[str], warned: bool) -> None:
    result = CliRunner().invoke(serve, [*arguments, "--timeout", "-1"])
    assert result.exit_code != 0
    assert ("everyone who can reach 256.0.0.1" in result.stderr) is warned


def test_help_has_examples() -> None:
    result = CliRunner().invoke(serve, ["--help"])
    assert "pybayeux serve --stream /orders --rate 5" in result.output
    described = [parameter for parameter in serve.params if isinstance(parameter, click.Option)]
    assert all(option.help for option in described)


def test_salesforce_without_the_emulator_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pybayeux_devserver.commands.serve")
    monkeypatch.setattr(module, "entry_points", lambda **_: [])
    result = CliRunner().invoke(serve, ["--salesforce"])
    assert result.exit_code == 1
    assert "pip install pybayeux-salesforce-emulator" in result.output
