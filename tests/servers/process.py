"""A child process of the tests: its lines in, its lines out, its complaints kept for the failure message.

Knows nothing of Bayeux. A child lives until its standard input closes, so none survives a killed test run.
"""

from __future__ import annotations

import os
import queue
import subprocess
from collections import deque
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

__all__ = ("Child", "ChildError")

_COMPLAINTS: Final = 60
"""How many of the last lines of standard error are kept."""


class ChildError(Exception):
    """A child said nothing in time, or ended before it said it; the text carries its last complaints.

    Args:
        text: The whole text.
        what: What happened, without the command and the complaints.
    """

    def __init__(self, text: str, what: str = "failed") -> None:
        super().__init__(text)
        self.what: Final = what


class Child:
    """A child process with line-wise input and output.

    Args:
        command: the program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(), encoding="utf-8"
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._complaints: deque[str] = deque(maxlen=_COMPLAINTS)
        self._readers = [
            Thread(target=self._read_output, args=(self._process.stdout,), daemon=True),
            Thread(target=self._complaints.extend, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _read_output(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def read_line(self, timeout: float) -> str:
        """The next line of standard output.

        Args:
            timeout: seconds to wait for it.

        Raises:
            ChildError: no line came in time, or the output has ended.
        """
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise self._error(f"said nothing for {timeout:g} s") from None
        if line is None:
            self.stop()
            raise self._error(f"ended with status {self._process.returncode}")
        return line

    def write_line(self, line: str) -> None:
        """Writes one line to the child's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def stop(self, timeout: float = 10) -> None:
        """Closes standard input, which ends the child; one that will not end in ``timeout`` seconds is killed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def kill(self) -> None:
        """Ends the child at once, without a chance to clean up."""
        self._process.kill()
        self._reap()

    def _reap(self) -> None:
        self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    @property
    def complaints(self) -> str:
        """The last lines of its standard error."""
        return "".join(self._complaints)

    def _error(self, what: str) -> ChildError:
        return ChildError(f"{' '.join(self.command)}: {what}\n{self.complaints}", what)


def _environment() -> dict[str, str]:
    """Ours without the proxies: everything the children talk to is on this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
