from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from pybayeux_devserver.commands import serve
from pybayeux_salesforce_emulator.serve import _entity
from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = "from pybayeux_devserver.commands import serve; serve()"
CHANNELS = ("/event/Tick__e", "/data/AccountChangeEvent", "/topic/Opps", "/u/News")


@pytest.fixture
def greeting() -> Iterator[str]:
    """The output of a running org with four streams. The org is stopped with a signal afterwards."""
    arguments = ["--salesforce", "--port", "0", "--rate", "1000", "--time-scale", "2", "--api-version", "60.0"]
    for channel in CHANNELS:
        arguments += ["--stream", channel]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or "fail_next" not in lines[-1]:
                lines.append(process.stdout.readline())
            yield "".join(lines)
            process.send_signal(signal.SIGTERM)
            assert process.stdout.read().endswith("Stopped.\n")
            assert process.wait() == 0
        finally:
            process.kill()


def _shown(greeting: str, what: str) -> str:
    match = re.search(rf"^  {what} +(\S+)$", greeting, re.MULTILINE)
    assert match is not None
    return match[1]


def test_shown_credentials_log_in(greeting: str) -> None:
    form = {
        "grant_type": "password",
        "client_id": _shown(greeting, "client id"),
        "client_secret": _shown(greeting, "client secret"),
        "username": _shown(greeting, "username"),
        "password": _shown(greeting, "password"),
    }
    assert _shown(greeting, "endpoint").endswith("/cometd/60.0")
    answer = httpx.post(_shown(greeting, "login"), data=form)
    assert answer.status_code == 200
    control = answer.json()["instance_url"] + "/control"
    assert httpx.get(f"{control}/").json()["endpoint"] == _shown(greeting, "endpoint")
    assert f"CLIENT_SECRET={form['client_secret']} \\\n" in greeting
    published: Any = {}
    while not set(CHANNELS) <= set(published):
        published = httpx.get(f"{control}/published").json()
    assert published["/event/Tick__e"][0]["payload"] == {"Number__c": 1}


def test_shown_commands_work(greeting: str) -> None:
    command = shlex.split(greeting[greeting.index("PYBAYEUX_AUTH_TOKEN") :].split("\n\n")[0].replace("\\\n", ""))
    name, token = command[0].split("=", 1)
    program = [sys.executable, "-m", "pybayeux", *command[2:], "--count", "3", "--json", "-q"]
    listened = subprocess.run(
        program, env={**os.environ, name: token}, capture_output=True, text=True, timeout=60, check=False
    )
    assert listened.returncode == 0, listened.stderr
    assert len(listened.stdout.splitlines()) == 3


def test_the_shown_login_of_a_person_works(greeting: str, tmp_path: Path) -> None:
    shown = greeting[greeting.index("  export ") :].splitlines()
    export, login, listen = (line.strip() for line in shown[:3])
    name, secret = export.removeprefix("export ").split("=", 1)
    no_keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    environment = {name: secret, "XDG_STATE_HOME": str(tmp_path)} | no_keyring
    arguments = [*shlex.split(login)[1:], "--no-browser", "--port", "0"]
    with CommandLine(*arguments, folder=tmp_path, environment=environment) as command:
        form = {"username": _shown(greeting, "username"), "password": _shown(greeting, "password"), "decision": "allow"}
        page = httpx.post(command.told("  http").strip(), data=form, follow_redirects=True)
        assert "You may close this page." in page.text
        assert command.ended().code == 0
    arguments = [*shlex.split(listen)[1:], "--count", "3"]
    with CommandLine(*arguments, folder=tmp_path, environment=environment) as command:
        ended = command.ended()
    assert ended.code == 0, ended.err
    assert len(ended.out) == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--path", "/x"], "--path has no effect with --salesforce"),
        (["--ack"], "--ack has no effect"),
        (["--stream", "/chat/x"], "expected a channel of an org"),
        (["--time-scale", "0"], "not in the range"),
        (["--api-version", "latest"], "expected an API version"),
        (["--host", "256.0.0.1", "--port", "0"], "256.0.0.1"),
    ],
)
def test_invalid_options_are_explained(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(serve, ["--salesforce", *arguments])
    assert result.exit_code != 0
    assert why in result.output


@pytest.mark.parametrize(
    ("channel", "entity"),
    [
        ("/data/AccountChangeEvent", "Account"),
        ("/data/Emp__ChangeEvent", "Emp__c"),
        ("/data/ChangeEvents", "Account"),
        ("/data/Sales__chn", "Account"),
    ],
)
def test_entity_of_a_channel(channel: str, entity: str) -> None:
    assert _entity(channel) == entity
