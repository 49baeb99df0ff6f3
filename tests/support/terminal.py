"""A terminal that a program runs in, so that it behaves as for a person.

Owns the pair of devices and the end of the program.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from tests.support.secret_scan import note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ("MAIN_SCREEN", "Terminal", "in_terminal", "program_in_terminal")

MAIN_SCREEN: Final = "\x1b[?1049l"
"""What brings back the screen that a program has taken over."""


class Terminal:
    """A terminal with a program in it.

    Args:
        descriptor: What the program writes is read here.
        process: The program.

    Attributes:
        output: What was read so far.
    """

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self._descriptor: Final = descriptor
        self.process: Final = process
        self.output = ""

    def until(self, words: str) -> None:
        """Read until the program has written these words."""
        while words not in self.output:
            self._read()

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._descriptor, keys.encode())

    def stop(self) -> None:
        """Take no more output, as after Ctrl-S."""
        os.write(self._descriptor, b"\x13")

    def rest(self) -> str:
        """What the program writes from now until its end."""
        seen = len(self.output)
        with suppress(OSError):  # the program has closed it
            while self._read():
                pass
        return self.output[seen:]

    def _read(self) -> str:
        piece = os.read(self._descriptor, 65536).decode(errors="replace")
        note("output of a process", piece)
        self.output += piece
        return piece


@contextmanager
def in_terminal(
    *arguments: str, folder: Path, term: str = "xterm-256color", columns: int = 100, lines: int = 30
) -> Iterator[Terminal]:
    """The `pybayeux` command in a terminal, which is killed at the end of the block if it still runs.

    Args:
        arguments: What follows the name of the command.
        folder: The current directory.
        term: The kind of terminal.
        columns: Its width.
        lines: Its height.
    """
    hidden = ("COLUMNS", "LINES", "NO_COLOR")
    usual = {
        name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_") and name not in hidden
    }
    command = (sys.executable, "-m", "pybayeux", *arguments)
    with program_in_terminal(command, usual | {"TERM": term}, folder=folder, columns=columns, lines=lines) as terminal:
        yield terminal


@contextmanager
def program_in_terminal(
    command: Sequence[str], environment: Mapping[str, str], *, folder: Path, columns: int = 100, lines: int = 30
) -> Iterator[Terminal]:
    """Any program in a terminal, which is killed at the end of the block if it still runs."""
    outer, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, cwd=folder, env=environment, start_new_session=True
    ) as process:
        os.close(inner)
        try:
            yield Terminal(outer, process)
        finally:
            process.kill()
            os.close(outer)
