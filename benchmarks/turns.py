"""Turns of the event loop, task switches, frames and files that an event and a publish pass; counted, nothing is timed.

    uv run python benchmarks/turns.py
    uv run python benchmarks/turns.py --src ../another-checkout     # its source too, beside this one's
    uv run python benchmarks/turns.py --json

For each transport and library, against the development server in a thread of its own:

event    from the turn in which its bytes are at the socket to the body of the user's `async for`
publish  from the call to the first write to the socket
reply    from the turn in which its bytes are at the socket to the return of the call

A turn is one round of the event loop's select; both ends are counted, so 1 is the least. A task switch is a step of a
task that the loop runs. Frames are those of this project's own functions and coroutines, each once; files are the
project's files that they are in. Each figure is the median of several runs. Only the public clients are used. There is
none ("-") where a write is not seen, as where a library writes to the socket without Python.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import logging
import os
import queue
import selectors
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pybayeux import AsyncClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

RUNS: Final = 15
IDLE: Final = 0.03
"""Seconds in which what the run before has left to do is done."""

CASES: Final = (
    ("websocket", "built-in"),
    ("long-polling", "built-in"),
    ("long-polling", "aiohttp"),
    ("callback-polling", "built-in"),
)
COUNTED: Final = ("turns", "switches", "frames", "files")

Figures: TypeAlias = "dict[str, dict[str, int | None]]"

_PROJECT: Final = f"{os.sep}src{os.sep}pybayeux"
_RUN_HANDLE: Final = asyncio.Handle._run.__code__
_WRITES: Final = frozenset({"send", "sendmsg"})


class Counter:
    """Counts in the thread of the client's loop."""

    def __init__(self) -> None:
        self.turn = 0
        self.on_bytes: Callable[[], None] | None = None
        self.on_write: Callable[[], None] | None = None
        self._first_turn = 0
        self._switches = 0
        self._frames: set[FrameType] = set()

    def selected(self, events: list[Any]) -> None:
        """A turn of the loop begins."""
        self.turn += 1
        if events and (told := self.on_bytes) is not None:
            self.on_bytes = None
            told()

    def begin(self) -> None:
        """Count from here on."""
        self._first_turn, self._switches = self.turn, 0
        self._frames = set()
        sys.setprofile(self._look)

    def end(self) -> dict[str, int]:
        """Stop; returns what was counted."""
        sys.setprofile(None)
        files = {frame.f_code.co_filename for frame in self._frames}
        counted = (self.turn - self._first_turn + 1, self._switches, len(self._frames), len(files))
        self._frames = set()
        return dict(zip(COUNTED, counted, strict=True))

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            if _PROJECT in frame.f_code.co_filename:
                self._frames.add(frame)
            if _is_step(frame):
                self._switches += 1
        elif event == "c_call" and self.on_write is not None and _is_write(argument):
            told, self.on_write = self.on_write, None
            told()


def _is_step(frame: FrameType) -> bool:
    """Whether this is a task's outermost coroutine, which the loop resumes."""
    is_coroutine = frame.f_code.co_flags & inspect.CO_COROUTINE
    return bool(is_coroutine) and frame.f_back is not None and frame.f_back.f_code is _RUN_HANDLE


def _is_write(function: Any) -> bool:
    return function.__name__ in _WRITES and isinstance(getattr(function, "__self__", None), socket.socket)


class _Selector(selectors.DefaultSelector):
    """Tells a counter when a turn of the loop begins."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self._counter = counter

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(timeout)
        self._counter.selected(events)
        return events


class Publisher:
    """Publishes from a thread of its own, so that the client's loop is woken by the event alone."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def publish_soon(self, channel: str) -> None:
        """Publish an event when the client's loop is idle."""
        self._asked.put(channel)

    def stop(self) -> None:
        """End the thread."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (channel := self._asked.get()) is not None:
            time.sleep(IDLE)
            self._server.publish(channel, {"n": 1})


async def count_events(client: AsyncClient, counter: Counter, publisher: Publisher) -> list[dict[str, int]]:
    """What each of several single events passes."""
    runs: list[dict[str, int]] = []
    async with client.subscribe("/turns/events") as events:

        def ask() -> None:
            counter.on_bytes = counter.begin
            publisher.publish_soon("/turns/events")

        ask()
        async for _ in events:
            runs.append(counter.end())
            if len(runs) > RUNS:
                return runs[1:]
            await asyncio.sleep(IDLE)
            ask()
    return runs


async def count_publishes(client: AsyncClient, counter: Counter) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    """What each of several publishes passes until it is written, and what its reply passes."""
    publishes: list[dict[str, int]] = []
    replies: list[dict[str, int]] = []

    def written() -> None:
        publishes.append(counter.end())
        counter.on_bytes = counter.begin

    for _ in range(RUNS + 1):
        await asyncio.sleep(IDLE)
        counter.on_write = written
        counter.begin()
        await client.publish("/turns/publishes", 1)
        reply = counter.end()
        if len(publishes) > len(replies):
            replies.append(reply)
        counter.on_write = counter.on_bytes = None
    return publishes[1:], replies[1:]


async def _count(transport: str, library: str, counter: Counter, server: Any) -> Figures:
    extensions = []
    if library == "aiohttp":
        from pybayeux_aiohttp import Aiohttp

        extensions.append(Aiohttp())
    client = AsyncClient(server.url, discover=False, transports=[transport], extensions=extensions)
    publisher = Publisher(server)
    try:
        async with client:
            events = await count_events(client, counter, publisher)
            publishes, replies = await count_publishes(client, counter)
    finally:
        publisher.stop()
    return {"event": _medians(events), "publish": _medians(publishes), "reply": _medians(replies)}


def _medians(runs: list[dict[str, int]]) -> dict[str, int | None]:
    return {name: median_low(run[name] for run in runs) if runs else None for name in COUNTED}


def count() -> dict[str, Figures]:
    """The figures of the source that this process imports, by transport and library."""
    from pybayeux_devserver import DevServer

    figures = {}
    for transport, library in CASES:
        counter = Counter()
        with DevServer() as server, asyncio.Runner(loop_factory=partial(_make_loop, counter)) as runner:
            figures[f"{transport}, {library}"] = runner.run(_count(transport, library, counter, server))
    return figures


def _make_loop(counter: Counter) -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(_Selector(counter))


def count_of(source: Path) -> dict[str, Figures]:
    """The figures of another checkout's source, with this environment's libraries."""
    folders = [source / "core" / "src", *sorted(source.glob("extensions/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, __file__, "--json"]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    figures: dict[str, Figures] = next(iter(json.loads(output).values()))
    return figures


def show(counted: dict[str, dict[str, Figures]]) -> None:
    """Print a table; where there are two sources their figures stand beside each other."""
    print("columns:", ", ".join(counted))
    print(f"{'':<28}{'':<9}" + "".join(f"{name:>14}" for name in COUNTED))
    for case in next(iter(counted.values())):
        for what in ("event", "publish", "reply"):
            cells = [
                " / ".join(
                    "-" if (figure := figures[case][what][name]) is None else str(figure)
                    for figures in counted.values()
                )
                for name in COUNTED
            ]
            print(f"{case:<28}{what:<9}" + "".join(f"{cell:>14}" for cell in cells))


def main() -> None:
    """Count, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--src", type=Path, action="append", default=[], help="another checkout to count too")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    counted = {source.name: count_of(source.resolve()) for source in arguments.src}
    counted["this checkout"] = count()
    if arguments.json:
        print(json.dumps(counted, indent=1))
    else:
        show(counted)


if __name__ == "__main__":
    main()
