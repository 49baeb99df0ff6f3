from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from rich.console import Console

from pybayeux.cli.watch.snapshot import (
    ChannelFigures,
    ExtensionFigures,
    Happening,
    LagFigures,
    SeenEvent,
    Snapshot,
)
from pybayeux.cli.watch.text import line, view

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
IDLE = Snapshot(
    at=AT,
    url="http://host/cometd",
    state="handshaking",
    ready=False,
    health="not ready; handshaking; tries again in 3 s",
    transport=None,
    connected_seconds=None,
    retry_in_seconds=3,
    sessions=0,
    reconnects=0,
    failures=1,
    events=0,
    per_second=0,
    per_second_minute=0,
    lag=None,
    channels=[],
    extensions=[],
    recent=[],
    happenings=[],
)
BUSY = msgspec.structs.replace(
    IDLE,
    state="connected",
    ready=True,
    transport="websocket",
    connected_seconds=3725,
    events=30,
    per_second=2.5,
    lag=LagFigures(1.25, 2.5, 12345),
    channels=[ChannelFigures(f"/c{number}", number, 0.5, None, None) for number in range(30)],
    extensions=[
        ExtensionFigures("auth", "1.0", "broken", "no [red]module"),
        ExtensionFigures("binary", None, "disabled", "disabled"),
        ExtensionFigures("ack", "1.0", "active", "", 4, 0.1, 2, 1, 3, "outgoing /a: ext.ack 1 -> 2"),
    ],
    recent=[SeenEvent(AT, "/a", f"{number} {'x' * 300}") for number in range(40)],
    happenings=[Happening(AT, "\x1b[2Jmore\n") for _ in range(40)],
)


def shown(snapshot: Snapshot, height: int | None = None, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        console.print(view(snapshot, height))
    return capture.get().splitlines()


def test_what_is_not_there_is_said() -> None:
    assert shown(IDLE) == [
        "handshaking  no transport  http://host/cometd",
        "events 0  0.0/s over ten seconds  0.0/s over a minute  lag unknown",
        "sessions 0  reconnects 0  failures 1",
        "not ready; handshaking; tries again in 3 s",
        "",
        "Channels  events  per second  lag  position",
        "no event yet",
        "",
        "Extensions  calls  each  changed  last change",
        "none is installed",
        "",
        "Last events",
        "none yet",
        "",
        "What happened",
        "nothing yet",
    ]


def test_a_busy_client() -> None:
    lines = shown(BUSY)
    assert lines[:4] == [
        "connected  for 1 h 2 min  websocket  http://host/cometd",
        "events 30  2.5/s over ten seconds  0.0/s over a minute  lag 1.2 ms, median 2.5 ms, highest 12.3 s",
        "sessions 0  reconnects 0  failures 1",
        "",
    ]
    assert lines[6] == "/c29          29         0.5    -         -"
    assert "and 11 more" in lines
    assert "ack 1.0         4  25 µs        2  1 dropped; 3 errors; outgoing /a: ext.ack 1 -> 2" in lines
    assert "auth 1.0        -      -        -  broken: no [red]module" in lines
    assert "binary          -      -        -  disabled" in lines
    assert any("\\x1b[2Jmore\\n" in each for each in lines)


@pytest.mark.parametrize("snapshot", [IDLE, BUSY])
@pytest.mark.parametrize("height", [24, 30, 50, 80])
def test_it_fits_into_the_terminal(height: int, snapshot: Snapshot) -> None:
    lines = shown(snapshot, height, width=60)
    assert len(lines) <= height
    assert all(len(each) <= 60 for each in lines)


def test_events_get_the_room_that_others_leave() -> None:
    few = msgspec.structs.replace(BUSY, channels=BUSY.channels[:1], extensions=[], happenings=[])
    assert sum("/a" in each for each in shown(few, 50)) > sum("/a" in each for each in shown(BUSY, 50)) > 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "connected websocket events=30 rate=2.5/s lag=1.2 ms reconnects=0 failures=1"),
        ({"lag": None, "transport": None}, "connected no transport events=30 rate=2.5/s lag=none"),
    ],
)
def test_one_line(changes: dict[str, Any], words: str) -> None:
    text = line(msgspec.structs.replace(BUSY, **changes))
    assert words in text
    assert "\n" not in text
