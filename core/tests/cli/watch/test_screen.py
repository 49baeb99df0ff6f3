from __future__ import annotations

import fcntl
import os
import struct
import termios
from typing import TYPE_CHECKING

import pytest

from core.tests.cli.watch.test_text import BUSY, IDLE
from pybayeux.cli.watch.screen import Screen
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    monkeypatch.setenv("TERM", "xterm-256color")
    outer, inner = os.openpty()
    yield outer, inner
    os.close(outer)
    os.close(inner)


def resize(descriptor: int, columns: int, lines: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@in_loop
async def test_a_snapshot_is_drawn_over_the_one_before(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    screen = Screen(inner)
    resize(inner, 80, 30)
    await screen.draw(IDLE)
    drawn = os.read(outer, 65536).decode()
    assert drawn.startswith("\x1b[H")
    assert drawn.endswith("\x1b[J")
    lines = drawn.split("\n")
    assert all("\x1b[K" in line for line in lines[:-1])
    assert "handshaking" in lines[0]


@in_loop
async def test_it_never_scrolls_whatever_the_size(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    screen = Screen(inner)
    for columns, lines in ((40, 8), (80, 24), (0, 0)):
        resize(inner, columns, lines)
        await screen.draw(BUSY)
        assert os.read(outer, 65536).count(b"\n") < (lines or 24)


@in_loop
async def test_the_terminal_is_given_back(terminal: tuple[int, int]) -> None:
    outer, inner = terminal
    resize(inner, 80, 30)
    async with Screen(inner).opened():
        assert os.read(outer, 100).decode() == "\x1b[?1049h\x1b[H\x1b[?25l"
    assert os.read(outer, 100).decode() == "\x1b[?25h\x1b[?1049l"
