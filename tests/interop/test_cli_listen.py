"""`pybayeux listen` as people and programs run it: real processes against the development server."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory


class Listen(Protocol):
    """Starts `pybayeux listen` for the server of the test."""

    def __call__(self, *arguments: str, **settings: Any) -> CommandLine: ...


@pytest.fixture
def listen(bayeux_server: BlockingServer, tmp_path: Path) -> Listen:
    def start(*arguments: str, **settings: Any) -> CommandLine:
        return CommandLine("listen", bayeux_server.url, *arguments, folder=tmp_path, **settings)

    return start


def _data(line: str) -> Any:
    data = json.loads(line)["data"]
    data.pop("event")  # the server's replay id
    return data


def test_events_are_lines_of_json_until_there_are_enough(bayeux_server: BlockingServer, listen: Listen) -> None:
    with listen("/a", "/b/**", "--count", "3") as command:
        command.told("listening to /a, /b/**")
        bayeux_server.publish("/a", {"n": 1})
        event = json.loads(command.line())
        assert (event["channel"], event["data"]["n"]) == ("/a", 1)
        assert event.keys() == {"channel", "data"}
        for number in range(2, 7):
            bayeux_server.publish("/b/c", {"n": number})
        ended = command.ended()
    assert ended.code == 0
    assert [_data(line) for line in ended.out] == [{"n": 2}, {"n": 3}]
    assert ended.err == []
    assert bayeux_server.received("/meta/disconnect")


def test_an_event_that_several_patterns_cover_is_one_line(bayeux_server: BlockingServer, listen: Listen) -> None:
    with listen("/**", "/a", "/a", "/*", "--since", "earliest", "--count", "3") as command:
        for number in range(3):
            bayeux_server.publish("/a", {"n": number})
        assert [_data(line)["n"] for line in command.ended().out] == [0, 1, 2]


@pytest.mark.parametrize(("since", "expected"), [("latest", 3), ("earliest", 0), ("ID", 2)])
def test_it_begins_where_it_is_told(since: str, expected: int, bayeux_server: BlockingServer, listen: Listen) -> None:
    ids = [bayeux_server.publish("/a", {"n": number}) for number in range(3)]
    with listen("/a", "--count", "1", "--since", str(ids[1]) if since == "ID" else since) as command:
        command.told("listening")
        bayeux_server.publish("/a", {"n": 3})
        assert _data(command.line())["n"] == expected
        assert command.ended().code == 0


def test_the_next_run_begins_where_the_last_one_ended(bayeux_server: BlockingServer, listen: Listen) -> None:
    for number in range(5):
        bayeux_server.publish("/a", {"n": number})
    arguments = ("/a", "--since", "earliest", "--count", "2", "-x", "replay.store=sqlite:///positions.db")
    for expected in ([0, 1], [2, 3]):
        with listen(*arguments) as command:
            assert [_data(line)["n"] for line in command.ended().out] == expected


def test_options_come_from_the_file(bayeux_server: BlockingServer, listen: Listen, tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text('[replay]\nsince = "earliest"\n')
    bayeux_server.publish("/a", {"n": 0})
    with listen("/a", "--count", "1") as command:
        assert _data(command.line())["n"] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_a_disconnect(
    number: signal.Signals, code: int, bayeux_server: BlockingServer, listen: Listen
) -> None:
    with listen("/a") as command:
        command.told("listening")
        command.process.send_signal(number)
        ended = command.ended()
    assert (ended.code, ended.out, ended.err) == (code, [], [])
    assert bayeux_server.received("/meta/disconnect")
    assert bayeux_server.sessions == []


def test_a_signal_ends_it_while_it_is_not_connected_yet(bayeux_server: BlockingServer, listen: Listen) -> None:
    bayeux_server.faults.unavailable(1000)
    with listen("/a") as command:
        command.told("503")
        command.process.send_signal(signal.SIGINT)
        assert command.ended().code == 130


def test_a_signal_ends_it_while_nobody_takes_its_output(bayeux_server: BlockingServer, listen: Listen) -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as source:
        with open(writing, "wb") as target:
            command = listen("/a", stdout=target)
        with command:
            command.told("listening")
            bayeux_server.recorder.clear()
            bayeux_server.publish("/a", {"long": "x" * 500_000})
            assert source.read(1) == b"{"  # it writes, and the pipe is full
            bayeux_server.received("/meta/connect")  # the session lives on
            command.process.send_signal(signal.SIGINT)
            assert command.ended().code == 130


def test_it_ends_when_nobody_reads_its_output_any_more(bayeux_server: BlockingServer, listen: Listen) -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as target:
        command = listen("/a", stdout=target)
    with command:
        command.told("listening")
        bayeux_server.publish("/a", {"n": 1})
        with open(reading, "rb") as source:
            assert _data(source.readline().decode()) == {"n": 1}
        ended = command.ended()  # no further event is needed
    assert (ended.code, ended.err) == (0, [])
    assert bayeux_server.received("/meta/disconnect")


def test_it_comes_back_after_a_lost_session(bayeux_server: BlockingServer, listen: Listen) -> None:
    with listen("/a", "--count", "2") as command:
        command.told("listening")
        bayeux_server.publish("/a", {"n": 1})
        assert _data(command.line())["n"] == 1
        bayeux_server.faults.drop_sessions()
        command.told("was lost, starting a new one")
        command.told("connected to")
        bayeux_server.publish("/a", {"n": 2})
        assert _data(command.line())["n"] == 2
        assert command.ended().code == 0


def test_a_refused_subscription_is_one_line_and_code_one(bayeux_server_factory: ServerFactory, tmp_path: Path) -> None:
    server = bayeux_server_factory(deny_subscribe=("/denied",))
    with CommandLine("listen", "-q", server.url, "/a", "/denied", folder=tmp_path) as command:
        ended = command.ended()
    assert ended.code == 1
    [line] = ended.err
    assert line.startswith("Error: subscribe /denied failed: 403:")
    assert server.received("/meta/disconnect")


def test_a_server_that_is_none_is_one_line_and_code_one(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    url = bayeux_server.url.replace("/cometd", "/nothing")
    with CommandLine("listen", url, "/a", folder=tmp_path) as command:
        ended = command.ended()
    assert ended.code == 1
    assert len(ended.err) == 1
    assert ended.err[0].startswith("Error: ")
    assert "404" in ended.err[0]


def test_a_server_that_does_not_answer_in_time_is_code_one(bayeux_server: BlockingServer, listen: Listen) -> None:
    bayeux_server.faults.unavailable(1000)
    with listen("-q", "--timeout", "1", "/a") as command:
        ended = command.ended()
    assert ended.code == 1
    why = "the last failure: HTTP 503 Service Unavailable; received 'Unavailable'"
    assert ended.err == [f"Error: {bayeux_server.url}: not connected within 1 seconds; {why}"]


def test_a_session_that_the_server_ends_is_code_one(bayeux_server_factory: ServerFactory, tmp_path: Path) -> None:
    server = bayeux_server_factory(auth_style="bayeux")
    token = server.tokens.issue()
    with CommandLine("listen", "-x", f"auth.token={token}", server.url, "/a", folder=tmp_path) as command:
        command.told("listening")
        server.tokens.revoke(token)
        server.publish("/a", {"n": 1})  # lets the held connect return, and the next one be refused
        ended = command.ended()
    assert ended.code == 1
    assert ended.err[-1].startswith("Error: ")
    assert "401" in ended.err[-1]
    assert token not in "".join(ended.err)


@pytest.mark.parametrize("way", ["option", "variable", "header", "file", "verbose"])
def test_tokens_are_sent_and_never_told(way: str, bayeux_server_factory: ServerFactory, tmp_path: Path) -> None:
    server = bayeux_server_factory(tokens=("other",), auth_style="http")
    secret = "very-s3cr3t-token"
    arguments = {"header": ("-H", f"Authorization: Bearer {secret}"), "variable": (), "file": ()}.get(
        way, ("-x", f"auth.token={secret}")
    )
    if way == "file":
        (tmp_path / "pybayeux.toml").write_text(f'[auth]\ntoken = "{secret}"\n')
    environment = {"PYBAYEUX_AUTH_TOKEN": secret} if way == "variable" else {}
    more = ("-v",) if way == "verbose" else ()
    with CommandLine(
        "listen", *arguments, *more, server.url, "/a", folder=tmp_path, environment=environment
    ) as command:
        ended = command.ended()
    assert server.recorder.requests[0].headers["authorization"] == f"Bearer {secret}"
    assert ended.code == 1
    assert "401" in ended.err[-1]
    assert "s3cr3t" not in "".join(ended.out + ended.err)


def test_headers_and_blocked_extensions_are_seen_on_the_wire(bayeux_server: BlockingServer, listen: Listen) -> None:
    with listen("-H", "X-Tenant: acme", "-p", "no:all", "/a") as command:
        command.told("listening")
    [handshake] = bayeux_server.recorder.messages("/meta/handshake")
    assert "ext" not in handshake
    assert bayeux_server.recorder.requests[0].headers["x-tenant"] == "acme"


def test_a_broken_extension_is_told_and_left_out(bayeux_server: BlockingServer, listen: Listen, tmp_path: Path) -> None:
    environment = broken_extension(tmp_path)
    with listen("/a", "--count", "1", environment=environment) as command:
        command.told("warning: extension 'bad' of bad-dist 0.7 cannot be loaded: ZeroDivisionError")
        command.told("listening")
        bayeux_server.publish("/a", {"n": 1})
        ended = command.ended()
    assert (ended.code, [_data(line) for line in ended.out]) == (0, [{"n": 1}])


def test_a_broken_extension_is_listed(tmp_path: Path) -> None:
    with CommandLine("extensions", "--json", folder=tmp_path, environment=broken_extension(tmp_path)) as command:
        ended = command.ended()
    assert ended.code == 0
    listed = {each["name"]: each for each in json.loads("\n".join(ended.out))}
    assert listed["bad"]["state"] == "broken"
    assert listed["bad"]["dist"] == "bad-dist"
    assert "ZeroDivisionError" in listed["bad"]["reason"]
    assert listed["replay"]["state"] == "active"
    assert {"store", "since"} <= {option["name"] for option in listed["replay"]["options"]}


def broken_extension(folder: Path) -> dict[str, str]:
    """Installs an extension that prints and breaks when it is imported; gives the variables that make it found."""
    info = folder / "bad_dist-0.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-dist\nVersion: 0.7\n")
    (info / "entry_points.txt").write_text("[pybayeux]\nbad = bad_extension:Bad\n")
    (folder / "bad_extension.py").write_text("print('noise')\n1 / 0\n")
    return {"PYTHONPATH": str(folder)}


def test_on_a_terminal_events_are_for_people(bayeux_server: BlockingServer, listen: Listen) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "200"}
    with open(ours, "rb", buffering=0) as source:
        with open(theirs, "wb", buffering=0) as target:
            command = listen("/a", "--count", "1", "--since", "earliest", stdout=target, environment=environment)
        bayeux_server.publish("/a", {"n": 1, "evil": "\x1b[2J"})
        with command:
            shown = _read_terminal(source)
            assert command.ended().code == 0
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert re.match(r'\d\d:\d\d:\d\d /a \{"n": 1, "evil": "\\u001b\[2J", "event": ', plain)
    assert plain != shown


def _read_terminal(source: Any) -> str:
    """What is shown until the last program that has the terminal ends: reading raises an error then."""
    shown = b""
    try:
        while chunk := source.read(65536):
            shown += chunk
    except OSError:
        pass
    return shown.decode()
