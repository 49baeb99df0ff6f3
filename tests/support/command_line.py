"""The `pybayeux` command as a process of its own: what it says line by line, and how it ends.

Owns the bounds of every wait. A process that outlives its test is killed. Where signals, pipes and imports are not what
is tested, `run_in_process` does the same without a new process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from click.testing import CliRunner

from pybayeux.cli import main
from tests.support.secret_scan import note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import IO

__all__ = ("CommandLine", "Ended", "run_in_process")

_LIMIT: Final = 30.0
"""Seconds after which a wait for what never comes has failed."""


class Ended(NamedTuple):
    """How a process ended, and its output that was not read yet."""

    code: int
    out: list[str]
    err: list[str]


def run_in_process(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Runs the command to its end within this process.

    Args:
        arguments: What follows the name of the command.
        folder: The current directory.
        environment: Variables beside the usual ones.
    """
    usual = _environment()
    runner = CliRunner(env={name: usual.get(name) for name in os.environ} | dict(environment or {}))
    with contextlib.chdir(folder):
        result = runner.invoke(main, arguments, prog_name="pybayeux")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout.splitlines(), result.stderr.splitlines())


class CommandLine:
    """A run of the command.

    Args:
        arguments: What follows the name of the command.
        folder: The current directory.
        environment: Variables beside the usual ones.
        stdout: Where standard output goes; by default to this object.
    """

    def __init__(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        stdout: IO[bytes] | int | None = None,
    ) -> None:
        pipe = subprocess.PIPE
        self.process: Final = subprocess.Popen(
            [sys.executable, "-m", "pybayeux", *arguments],
            cwd=folder,
            env=_environment() | dict(environment or {}),
            stdin=pipe,
            stdout=pipe if stdout is None else stdout,
            stderr=pipe,
        )
        self._out: Final = _Lines(self.process.stdout)
        self._err: Final = _Lines(self.process.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.ended()

    def line(self) -> str:
        """The next line of standard output."""
        return self._out.next()

    def told(self, words: str) -> str:
        """The next line of standard error with these words in it."""
        while words not in (line := self._err.next()):
            pass
        return line

    def write(self, text: str) -> None:
        """Write to standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ended(self) -> Ended:
        """Close standard input and wait for the end; returns also the output that was not read yet."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(_LIMIT)
        return Ended(code, self._out.rest(), self._err.rest())


class _Lines:
    """The lines of a stream, read in a thread so that a wait for one can end."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._lines: Final[queue.SimpleQueue[str | None]] = queue.SimpleQueue()
        self._thread: Final = Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes] | None) -> None:
        if stream is not None:
            with stream:
                for line in stream:
                    text = line.decode().rstrip("\n")
                    note("output of a process", text)
                    self._lines.put(text)
        self._lines.put(None)

    def next(self) -> str:
        line = self._lines.get(timeout=_LIMIT)
        if line is None:
            self._lines.put(None)
            raise AssertionError("the command said no more")
        return line

    def rest(self) -> list[str]:
        """What was not read yet, once the stream has ended."""
        self._thread.join(_LIMIT)
        rest = list(iter(self._lines.get_nowait, None))
        self._lines.put(None)
        return rest


def _environment() -> dict[str, str]:
    """Ours, without what would say something about extensions or proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYBAYEUX_") and not name.lower().endswith("_proxy")
    }
