"""The pages "How an event travels" and "How a publish travels" name the functions that are really passed, in order."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import AsyncClient
from pybayeux_devserver import BlockingServer, DevServer
from tests.docs.markdown import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SOURCE: Final = str(ROOT / "core" / "src" / "pybayeux")
_ROW: Final = re.compile(r"^\|.*\| `([\w.]+)` \| \[([\w/.]+)\]\((\S+)\) \|$", re.MULTILINE)


def rows(page: str) -> list[list[tuple[str, str, str]]]:
    """The rows of each table of a page: function, file as shown, file as linked."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [_ROW.findall(table) for table in text.split("|---|---|---|")[1:]]


class Recorder:
    """Records the calls of the core's functions in this thread, as ``(file, function)``."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __enter__(self) -> list[tuple[str, str]]:
        sys.setprofile(self._note)
        return self.calls

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(_SOURCE):
            self.calls.append((Path(code.co_filename).relative_to(_SOURCE).as_posix(), code.co_qualname))


@pytest.fixture
def server() -> Iterator[BlockingServer]:
    with DevServer() as server:
        yield server


def in_order(expected: list[tuple[str, str, str]], calls: list[tuple[str, str]]) -> None:
    """See that these functions are called, in this order, with whatever between them."""
    left = iter(calls)
    for function, file, link in expected:
        assert link == f"../core/src/pybayeux/{file}"
        assert (ROOT / "docs" / link).is_file()
        assert any(call == (file, function) for call in left), f"{file} {function} is not passed, or not in this place"


async def _event(server: BlockingServer) -> list[tuple[str, str]]:
    client = AsyncClient(server.url, discover=False, transports=["websocket"])
    async with client, client.subscribe("/a") as events:
        stream = aiter(events)
        for _ in range(2):  # the channel is known then, and the subscription's route
            server.publish("/a", 0)
            await anext(stream)
        waiting = asyncio.ensure_future(_next(stream))
        await asyncio.sleep(0)
        with Recorder() as calls:
            threading.Thread(target=server.publish, args=("/a", 1)).start()
            await waiting
    return calls


async def _next(stream: Any) -> Any:
    return await anext(stream)


async def _publish(server: BlockingServer) -> list[tuple[str, str]]:
    async with AsyncClient(server.url, discover=False, transports=["websocket"]) as client:
        await client.publish("/a", 0)
        with Recorder() as calls:
            await client.publish("/a", 1)
    return calls


def test_an_event_travels_as_the_page_says(server: BlockingServer) -> None:
    (table,) = rows("how-an-event-travels.md")
    assert len(table) > 20
    calls = asyncio.run(_event(server))
    in_order(table, calls)
    # Every function of a single event is on the page: nobody who follows it has to search.
    named = {(file, function) for function, file, _ in table}
    first = calls.index(("transports/dialling.py", "_Connection.data_received"))
    passed = [call for call in calls[first:] if "<" not in call[1]]
    assert {call for call in passed if call not in named} == set()


def test_a_publish_and_its_reply_travel_as_the_page_says(server: BlockingServer) -> None:
    out, back = rows("how-a-publish-travels.md")
    calls = asyncio.run(_publish(server))
    in_order([*out, *back], calls)
