"""The commands of the page on operations do what it says."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import urllib.request
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from tests.docs.markdown import ROOT, blocks
from tests.docs.program import EXAMPLES
from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer

_PAGE: Final = ROOT / "docs" / "operations.md"
_COMMANDS: Final = [line for block in blocks(_PAGE, "sh") for line in block.source.splitlines()]
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_the_tutorial(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    _, listen, curl, kill, *_ = _COMMANDS
    port = str(_free_port())
    arguments, target = listen.replace("8081", port).split(" > ")
    answer, line = (json.loads(block.source) for block in blocks(_PAGE, "json"))
    with (tmp_path / target).open("wb") as output:
        command = CommandLine(
            *shlex.split(arguments.replace("http://127.0.0.1:8080/cometd", bayeux_server.url))[1:],
            folder=tmp_path,
            stdout=output,
        )
    with command:
        connected = json.loads(command.told("connected to"))
        assert [*connected, connected["state"]] == [*line, line["state"]]
        command.told("listening")
        url = curl.split()[-1].replace("8081", port)
        with _OPENER.open(url, timeout=10) as got:
            assert (got.status, json.load(got)) == (200, answer)
        assert kill.startswith("kill -TERM ")
        command.process.send_signal(signal.SIGTERM)
        assert command.ended().code == 143


@pytest.mark.parametrize("command", [each for each in _COMMANDS if each.startswith("pybayeux ")])
def test_commands_and_options_exist(command: str) -> None:
    words = shlex.split(command.partition(" > ")[0])[1:]
    names = words[: 2 if words[0] == "replay" else 1]
    usage = CliRunner().invoke(main, [*names, "--help"])
    assert usage.exit_code == 0
    assert [each for each in words if each.startswith("--") and each not in usage.output] == []


def test_the_alerts_are_those_of_the_page() -> None:
    rules = re.findall(r"- alert: (\w+)", (EXAMPLES / "monitoring" / "alerts.yaml").read_text())
    assert re.findall(r"^\| `(Bayeux\w+)` \|", _PAGE.read_text(), re.MULTILINE) == rules
