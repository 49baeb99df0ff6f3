"""The commands of the page on recorded streams do what it says, in its order."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from pybayeux_cassette import read_cassette
from tests.docs.markdown import ROOT, blocks
from tests.support.command_line import CommandLine, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer

PAGE: Final = ROOT / "docs" / "cassettes.md"
ADDRESS: Final = "http://127.0.0.1:8080"


def _commands(*first: str) -> list[list[str]]:
    """The arguments of the commands in the page's shell blocks that begin so."""
    lines = [line for block in blocks(PAGE, "sh") for line in block.source.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("pybayeux ")]
    return [command for command in commands if command[0] in first]


def test_the_commands_of_the_page_run(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    order = {"number": 1, "customer": {"Email": "ada@example.com"}, "notes": "call"}
    for _ in range(3):
        bayeux_server.publish("/orders", order)
    origin = bayeux_server.url.removesuffix("/cometd")
    for command in _commands("record", "play"):
        if "--serve" in command:
            continue  # below
        more = ["-x", "replay.since=earliest"] if command[0] == "record" else []
        arguments = [each.replace(ADDRESS, origin) for each in command]
        ended = run_in_process(*arguments, *more, folder=tmp_path)
        assert ended.code == 0, (command, ended.err)
    assert [each.data["customer"] for each in read_cassette(tmp_path / "orders.jsonl").events] == [
        {"Email": "ada@example.com"}
    ] * 3
    redacted = [each.data for each in read_cassette(tmp_path / "night.jsonl").events]
    assert all("notes" not in data and data["customer"]["Email"].startswith("redacted-") for data in redacted)
    assert len(bayeux_server.received("/orders", 3)) == 3  # published by the client of the last command


def test_the_server_of_the_page_plays(tmp_path: Path) -> None:
    [example] = blocks(PAGE, "json")
    (tmp_path / "orders.jsonl").write_text(example.source)
    [command] = [each for each in _commands("play") if "--serve" in each]
    with CommandLine(*command, "--port", "0", "--speed", "1000", folder=tmp_path) as server:
        greeting = server.line()
        url = re.search(r"http://\S+", greeting)
        assert url is not None, greeting
        listening = ("listen", url[0], "/orders", "-n", "2", "-x", "replay.since=earliest")
        with CommandLine(*listening, folder=tmp_path) as client:
            assert ['"number":1' in client.line(), '"number":2' in client.line()] == [True, True]


def test_the_file_of_the_page_is_one(tmp_path: Path) -> None:
    [example] = blocks(PAGE, "json")
    path = tmp_path / "page.jsonl"
    path.write_text(example.source)
    assert read_cassette(path).measure() == (2, 34.001)
