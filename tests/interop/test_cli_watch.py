"""`pybayeux watch` as people and programs run it: real processes against the development server."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Final, Protocol

import pytest

from tests.support.command_line import CommandLine
from tests.support.terminal import MAIN_SCREEN, in_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer

ALT_SCREEN: Final = "\x1b[?1049h"
SHOW_CURSOR: Final = "\x1b[?25h"


class Watch(Protocol):
    """Starts `pybayeux watch` for the server of the test."""

    def __call__(self, *arguments: str) -> CommandLine: ...


@pytest.fixture
def watch(bayeux_server: BlockingServer, tmp_path: Path) -> Watch:
    def start(*arguments: str) -> CommandLine:
        return CommandLine("watch", bayeux_server.url, *arguments, folder=tmp_path)

    return start


def test_one_snapshot_for_scripts(bayeux_server: BlockingServer, watch: Watch) -> None:
    with watch("/orders/**", "--once", "--json", "--wait", "30", "-p", "no:timesync") as command:
        bayeux_server.received("/meta/subscribe", timeout=30)
        replay_id = bayeux_server.publish("/orders/new", {"number": 1})
        snapshot = json.loads(command.line())
        ended = command.ended()
    assert (ended.code, ended.out) == (0, [])
    assert (snapshot["state"], snapshot["ready"], snapshot["transport"]) == ("connected", True, "websocket")
    assert (snapshot["events"], snapshot["sessions"], snapshot["reconnects"]) == (1, 1, 0)
    [channel] = snapshot["channels"]
    assert (channel["channel"], channel["events"], channel["position"]) == ("/orders/new", 1, replay_id)
    assert channel["lag_ms"] == snapshot["lag"]["last_ms"] < 30_000
    assert '"number":1' in snapshot["recent"][0]["data"]
    extensions = {each["name"]: each for each in snapshot["extensions"]}
    assert extensions["replay"]["calls"] > 0
    assert extensions["replay"]["last"].startswith("outgoing /meta/subscribe: ext.replay")
    assert extensions["timesync"]["state"] == "disabled"
    assert not extensions.keys() & {"watch", "command-line"}
    assert bayeux_server.received("/meta/disconnect")


def test_one_snapshot_without_an_event(watch: Watch) -> None:
    with watch("/silent", "--once", "--wait", "0.1") as command:
        ended = command.ended()
    assert ended.code == 0
    assert ended.out[0].startswith("connected")
    assert "no event yet" in ended.out
    assert not any("\x1b" in line for line in ended.out)


def test_piped_it_is_a_line_for_each_snapshot(bayeux_server: BlockingServer, watch: Watch) -> None:
    with watch("/a", "--interval", "0.1") as command:
        bayeux_server.received("/meta/subscribe", timeout=30)
        bayeux_server.publish("/a", 1)
        while "events=1" not in (line := command.line()):
            assert "connect" in line or "handshak" in line
        bayeux_server.faults.drop_sessions()
        while "reconnects=1" not in command.line():
            pass
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert ended.code == 130
    assert not any("\x1b" in line for line in (*ended.out, *ended.err))
    assert bayeux_server.sessions == []


def test_it_ends_with_its_reader(bayeux_server: BlockingServer, watch: Watch) -> None:
    with watch("/a", "--interval", "0.1", "--json") as command:
        assert json.loads(command.line())["channels"] == []
        assert command.process.stdout is not None
        reading = command.process.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, reading)
        os.close(nowhere)
        assert command.ended().code == 0


def test_a_stored_position_does_not_move(bayeux_server: BlockingServer, watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text('[replay]\nstore = "positions.db"\nlease = 10\n')
    with watch("/a", "--once", "--json", "--wait", "30") as command:
        bayeux_server.received("/meta/subscribe", timeout=30)
        bayeux_server.publish("/a", {"n": 1})
        assert json.loads(command.line())["events"] == 1
        assert command.ended().code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["pybayeux.toml"]


def test_no_connection_in_time(bayeux_server: BlockingServer, watch: Watch) -> None:
    bayeux_server.faults.unavailable(1000)
    with watch("/a", "--once", "--timeout", "2") as command:
        ended = command.ended()
    assert ended.code == 1
    assert "not connected within 2 seconds; the last failure" in ended.err[-1]


@pytest.mark.parametrize("arguments", [("/meta/connect",), ("nowhere",), (), ("/a", "--interval", "0")])
def test_wrong_usage(arguments: tuple[str, ...], watch: Watch) -> None:
    with watch(*arguments) as command:
        assert command.ended().code == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_on_a_terminal_it_is_a_view_that_a_signal_ends(
    number: signal.Signals, code: int, bayeux_server: BlockingServer, tmp_path: Path
) -> None:
    with in_terminal("watch", bayeux_server.url, "/a", "--interval", "0.1", folder=tmp_path) as terminal:
        terminal.until(ALT_SCREEN)
        bayeux_server.received("/meta/subscribe", timeout=30)
        bayeux_server.publish("/a", {"n": 1})
        terminal.until('{"n":1')
        bayeux_server.faults.drop_sessions()
        terminal.until("reconnects 1")
        terminal.process.send_signal(number)
        rest = terminal.rest()
        assert terminal.process.wait(20) == code
    left, kept = rest.split(MAIN_SCREEN)
    assert SHOW_CURSOR in left
    assert "reconnects 1" in kept, "the last view stays for the reader"
    assert bayeux_server.sessions == []


def test_a_signal_ends_it_on_a_terminal_that_takes_nothing(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    with in_terminal("watch", bayeux_server.url, "/a", "--interval", "0.1", folder=tmp_path) as terminal:
        terminal.until(ALT_SCREEN)
        terminal.stop()
        bayeux_server.received("/meta/subscribe", timeout=30)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(20) == 130
    assert bayeux_server.received("/meta/disconnect")


@pytest.mark.parametrize(("term", "option"), [("dumb", "-q"), ("xterm", "-v"), ("xterm", "--trace")])
def test_a_terminal_without_a_cursor_or_with_a_log_gets_lines(
    term: str, option: str, bayeux_server: BlockingServer, tmp_path: Path
) -> None:
    command = ("watch", bayeux_server.url, "/a", "--interval", "0.1", option)
    with in_terminal(*command, folder=tmp_path, term=term) as terminal:
        terminal.until("events=0")
        terminal.process.send_signal(signal.SIGINT)
        terminal.rest()
    assert "\x1b[?" not in terminal.output
