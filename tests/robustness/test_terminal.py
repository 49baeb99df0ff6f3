"""What a hostile server says moves no cursor and sets no title, whichever command shows it, piped or on a terminal.

Looked at are the bytes: a terminal obeys control characters, a reader is misled by the direction of writing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Final

import pytest

from pybayeux import Channel
from pybayeux.errors import (
    MalformedMessageError,
    MessageDecodeError,
    MessageDropped,
    ReceiverError,
    TransportError,
    UnroutedEventError,
)
from tests.support.http_stub import Answer
from tests.support.loops import in_loop
from tests.support.scripted import Json, ScriptedServer, replies

if TYPE_CHECKING:
    from pybayeux import BayeuxError

EVIL: Final = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\x7f\u202e\u2028"

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
"""What our own output may have on a terminal."""
_OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def evil(asked: list[Json]) -> Answer:
    """The right answer, with the text in every member that takes one."""
    members = {"error": f"403:{EVIL}:{EVIL}", "ext": {EVIL: EVIL}, EVIL: EVIL, "advice": {"reconnect": EVIL}}
    return replies({"channel": f"/{EVIL}", "data": EVIL}, EVIL, {"data": EVIL}, *[each | members for each in asked])


def refusal(asked: list[Json]) -> Answer:
    """A refusal of everything, with the text as its reason."""
    same = ("channel", "id", "subscription")
    refused = {"successful": False, "error": f"403:{EVIL}:{EVIL}", "advice": {"reconnect": "none"}}
    return replies(*[{name: each[name] for name in same if name in each} | refused for each in asked])


def page(asked: list[Json]) -> Answer:
    """A page with the text, and with what of it a header may hold."""
    return Answer(EVIL.encode(), status=503, content_type="text/\x1b[31m\x9bhtml", headers={"Server": "\x1b[2J\x9b"})


def broken(asked: list[Json]) -> Answer:
    return Answer(f'[{{"channel":"/meta/connect","data":{EVIL}'.encode())


def redirect(asked: list[Json]) -> Answer:
    return Answer(b"", status=307, headers={"Location": "ftp://\x1b[2Jhost\x9b/"})


def event(asked: list[Json]) -> Answer:
    """An event that is JSON, one that is not, and the reply."""
    good = json.dumps({"channel": "/a", "data": {EVIL: EVIL}, "ext": {"x": EVIL}}, ensure_ascii=False)
    bad = f'{{"channel":"/a","data":"{EVIL}"}}'
    reply = json.dumps(asked[-1])
    return Answer(f"[{good},{bad},{reply}]".encode())


async def shown(*arguments: str, terminal: bool) -> tuple[str, str]:
    """What a command writes on standard output and on standard error, until it ends."""
    main, end = os.openpty() if terminal else os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pybayeux", *arguments, stdin=DEVNULL, stdout=end, stderr=PIPE
    )
    os.close(end)
    try:
        out, (_, err) = await asyncio.gather(asyncio.to_thread(_read_all, main), process.communicate())
    finally:
        if process.returncode is None:
            process.kill()
    return out.decode(), err.decode()


def _read_all(descriptor: int) -> bytes:
    read = b""
    with open(descriptor, "rb", buffering=0) as stream:
        try:
            while piece := stream.read(65536):
                read += piece
        except OSError:  # a terminal of which the other end is closed
            pass
    return read


def obeyed(text: str) -> list[str]:
    """The lines that a terminal would obey, or that are not what they look like."""
    # A terminal itself has a carriage return before each line break.
    plain = _COLOURS.sub("", text.replace("\r\n", "\n"))
    return [line for line in plain.split("\n") if _OBEYED.search(line)]


terminals = pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])


@terminals
@in_loop
async def test_listen(terminal: bool) -> None:
    async with ScriptedServer() as server:
        server.spoil(Channel.META_HANDSHAKE, page, broken)
        server.alter(Channel.META_HANDSHAKE, evil)
        server.alter(Channel.META_SUBSCRIBE, evil)
        server.alter(Channel.META_CONNECT, evil, event)
        command = ("listen", "-v", "--trace", server.url, "/a", "--count", "2")
        task = asyncio.create_task(shown(*command, terminal=terminal))
        await server.until(lambda: server.subscriptions == ["/a"])
        server.publish("/a", 1)
        out, err = await task
    assert "owned" in out
    assert "owned" in err
    assert obeyed(out) == obeyed(err) == []
    if not terminal:
        good, bad = map(json.loads, out.splitlines())
        assert good["data"] == {EVIL: EVIL}
        assert bad["rawData"] == f'"{EVIL}"'


@terminals
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
@in_loop
async def test_watch(form: tuple[str, ...], terminal: bool) -> None:
    async with ScriptedServer() as server:
        server.spoil(Channel.META_HANDSHAKE, page, broken)
        server.alter(Channel.META_HANDSHAKE, evil)
        server.alter(Channel.META_CONNECT, event)
        out, err = await shown("watch", server.url, "/a", "--once", *form, terminal=terminal)
    assert "owned" in out
    assert obeyed(out) == obeyed(err) == []


@terminals
@pytest.mark.parametrize("command", [("publish", "/a", "1"), ("doctor",), ("doctor", "--json"), ("listen", "/a")])
@in_loop
async def test_commands_that_are_turned_away(command: tuple[str, ...], terminal: bool) -> None:
    name, *rest = command
    async with ScriptedServer() as server:
        answers = [refusal] * 20 if name == "doctor" else [redirect, *[refusal] * 20]  # which asks once
        server.spoil(Channel.META_HANDSHAKE, *answers)
        command_line = (name, "--transport", "long-polling", server.url, *rest)
        out, err = await shown(*command_line, terminal=terminal)
    assert "owned" in out + err
    assert obeyed(out) == obeyed(err) == []


ERRORS: Final[list[BayeuxError]] = [
    MalformedMessageError(EVIL, EVIL),
    MessageDecodeError(EVIL, EVIL),
    MessageDropped(EVIL, EVIL),
    ReceiverError(EVIL, ValueError(EVIL)),
    TransportError(EVIL, body=EVIL),
    UnroutedEventError(EVIL),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_texts_of_errors(error: BayeuxError) -> None:
    assert "owned" in str(error)
    for text in (str(error), repr(error), f"{error}"):
        assert obeyed(text) == []
        assert "\n" not in text
