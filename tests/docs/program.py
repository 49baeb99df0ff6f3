"""Helper: a program of the examples, run as a user runs it."""

from __future__ import annotations

import os
import re
import signal
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
        name: Its file under examples/, or the module that runs it.
        arguments: Its arguments.
        variables: Further variables of its environment.
    """

    def __init__(self, name: str, *arguments: str | Path, **variables: str) -> None:
        program = [EXAMPLES / name] if name.endswith(".py") else ["-m", name]
        command = [sys.executable, *program, *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
        env |= {"PYTHONUNBUFFERED": "1"} | variables
        self._process: Final = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
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
        return self.until_match(f"^{re.escape(line)}$")

    def until_match(self, pattern: str) -> list[str]:
        """Wait until it prints a line that matches; all lines since the last call."""
        seen: list[str] = []
        while not seen or not re.search(pattern, seen[-1]):
            printed = self._output.readline()
            assert printed, f"ended with {seen}"
            seen.append(printed.rstrip("\n"))
        return seen

    def result(self) -> tuple[int, list[str]]:
        """Wait until it ends by itself; its exit code, and the lines that it printed since the last call."""
        lines = self._output.read().splitlines()
        return self._process.wait(), lines

    def terminate(self) -> None:
        """Send SIGTERM, as a supervisor does."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self._process.kill()
        self._process.wait()
        self._output.close()
