"""Helper: a program of the examples, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ("EXAMPLES", "Program")

EXAMPLES: Final = Path(__file__).parents[2] / "examples"


class Program:
    """A running example; it is killed at the end of its block.

    Args:
        name: Its file under examples/.
        arguments: Its arguments.
    """

    def __init__(self, name: str, *arguments: str | Path) -> None:
        command = [sys.executable, EXAMPLES / name, *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
        self._process: Final = subprocess.Popen(
            command, env=env | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        self._output: Final = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def until(self, line: str) -> list[str]:
        """Wait until it prints this line, to stdout or stderr; all lines since the last call."""
        seen: list[str] = []
        while not seen or seen[-1] != line:
            printed = self._output.readline()
            assert printed, f"ended with {seen}"
            seen.append(printed.rstrip("\n"))
        return seen

    def result(self) -> tuple[int, list[str]]:
        """Wait until it ends by itself; its exit code, and the lines that it printed since the last call."""
        lines = self._output.read().splitlines()
        return self._process.wait(), lines

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self._process.kill()
        self._process.wait()
        self._output.close()
