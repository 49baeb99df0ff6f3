"""`pybayeux publish` as people and programs run it: real processes against the development server."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory


class Publish(Protocol):
    """Starts `pybayeux publish` for the server of the test."""

    def __call__(self, *arguments: str) -> CommandLine: ...


@pytest.fixture
def server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """One corner of the server is forbidden."""
    return bayeux_server_factory(deny_publish=("/denied",))


@pytest.fixture
def publish(server: BlockingServer, tmp_path: Path) -> Publish:
    def start(*arguments: str) -> CommandLine:
        return CommandLine("publish", "-q", server.url, *arguments, folder=tmp_path)

    return start


def _published(server: BlockingServer, channel: str = "/a") -> list[Any]:
    return [message["data"] for message in server.recorder.messages(channel)]


@pytest.mark.parametrize("data", ['{"text": "grüß"}', "[1.5, null]", '"hi"', "null", "12345678901234567890123"])
def test_a_value_is_published_and_answered(data: str, server: BlockingServer, publish: Publish) -> None:
    with publish("/a", data) as command:
        ended = command.ended()
    assert (ended.code, ended.err) == (0, [])
    [reply] = map(json.loads, ended.out)
    assert (reply["channel"], reply["successful"]) == ("/a", True)
    assert "clientId" not in reply
    assert _published(server) == [json.loads(data)]
    assert server.received("/meta/disconnect")


def test_a_refusal_is_answered_told_and_code_one(server: BlockingServer, publish: Publish) -> None:
    with publish("/denied", "1") as command:
        ended = command.ended()
    assert ended.code == 1
    [reply] = map(json.loads, ended.out)
    assert reply["successful"] is False
    [line] = ended.err
    assert line.startswith("Error: publish /denied failed: 403:")


@pytest.mark.parametrize("dash", [(), ("-",)])
def test_lines_are_published_together(dash: tuple[str, ...], server: BlockingServer, publish: Publish) -> None:
    with publish("/a", *dash) as command:
        command.write("".join(f'{{"n": {number}}}\n\n' for number in range(600)) + '"last"')
        ended = command.ended()
    assert (ended.code, len(ended.out), ended.err) == (0, 601, [])
    assert _published(server) == [{"n": number} for number in range(600)] + ["last"]
    assert sum(any(m["channel"] == "/a" for m in each.messages) for each in server.recorder.requests) < 10


def test_lines_are_published_as_they_come(server: BlockingServer, publish: Publish) -> None:
    with publish("/a") as command:
        for number in range(3):
            command.write(f"{number}\n")
            assert json.loads(command.line())["successful"]
        assert _published(server) == [0, 1, 2]
        assert command.ended().code == 0


def test_a_bad_line_ends_it_after_those_before(server: BlockingServer, publish: Publish) -> None:
    with publish("/a") as command:
        command.write('1\n\n{"s3cr3t"\n4\n')
        ended = command.ended()
    assert (ended.code, len(ended.out)) == (2, 1)
    [line] = ended.err
    assert line.startswith("Error: line 3 of standard input is not JSON: ")
    assert "s3cr3t" not in line
    assert _published(server) == [1]
    assert server.received("/meta/disconnect")


def test_refused_lines_are_told_one_by_one(server: BlockingServer, publish: Publish) -> None:
    with publish("/denied") as command:
        command.write("1\n2\n")
        ended = command.ended()
    assert ended.code == 1
    assert [json.loads(line)["successful"] for line in ended.out] == [False, False]
    assert len(ended.err) == 3
    assert "error: line 1 of standard input: publish /denied failed: 403:" in ended.err[0]
    assert "error: line 2 of standard input: publish /denied failed: 403:" in ended.err[1]
    assert ended.err[2] == "Error: 2 of 2 publishes were refused"


def test_nothing_to_publish_is_no_mistake(server: BlockingServer, publish: Publish) -> None:
    with publish("/a") as command:
        ended = command.ended()
    assert ended == (0, [], [])


def test_an_answer_that_is_lost_is_an_error(server: BlockingServer, publish: Publish) -> None:
    server.faults.lose_replies(channel="/a")
    with publish("/a", "1") as command:
        ended = command.ended()
    assert (ended.code, ended.out) == (1, [])
    assert ended.err[-1].startswith("Error: publish /a failed: ")


def test_a_signal_ends_it_with_a_disconnect(server: BlockingServer, publish: Publish) -> None:
    with publish("/a") as command:
        command.write("1\n")
        command.line()
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(30) == 130  # its standard input is still open
    assert server.received("/meta/disconnect")


def test_a_session_that_ends_is_noticed_while_nothing_comes_in(
    bayeux_server_factory: ServerFactory, tmp_path: Path
) -> None:
    server = bayeux_server_factory()
    token = server.tokens.issue()
    with CommandLine("publish", "-x", f"auth.token={token}", server.url, "/a", folder=tmp_path) as command:
        command.write("1\n")
        command.line()
        server.tokens.revoke(token)
        server.push({"channel": "/wake", "data": 1})  # lets the held connect return, and the next one be refused
        assert command.process.wait(30) == 1
        assert "401" in command.told("Error: ")
