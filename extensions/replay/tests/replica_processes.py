"""Replicas as processes: started three at a time, and what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = ("ReplicaProcesses",)

_SILENCE: Final = 0.2
"""Seconds without a line after which the store is asked."""
_TIMEOUT: Final = 90
"""Seconds after which a wait for what no replica says has failed."""


class ReplicaProcesses:
    """Processes of one program, which are killed at the end of the block.

    Args:
        program: The Python program of a replica. It says something by a line on standard output.
        arguments: Its arguments.
    """

    def __init__(self, program: Path, *arguments: str) -> None:
        self._command: Final = [sys.executable, str(program), *arguments]
        self._processes: Final[list[subprocess.Popen[str]]] = []
        self._said: Final[SimpleQueue[tuple[subprocess.Popen[str], list[str]]]] = SimpleQueue()

    def __enter__(self) -> Self:
        for _ in range(3):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        for process in self._processes:
            assert process.stdout is not None
            process.stdout.close()

    def start(self) -> None:
        """Start another replica."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
        process = subprocess.Popen(self._command, env=env, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("\n"):  # one that is killed may have written a part of its last line
                self._said.put((process, line.split()))

    def heard(self, timeout: float = _TIMEOUT) -> tuple[subprocess.Popen[str], list[str]]:
        """Wait for the next line of any replica: whose it is, and its words.

        Raises:
            Empty: There is none in time.
        """
        return self._said.get(timeout=timeout)

    def booked(self, count: Callable[[], int], most: int) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
        """Yield orders as they are booked: by whom, and the words that say which.

        A replica that is killed may not have said what it has booked last, so the store is asked for the end.

        Args:
            count: Returns how many orders are booked in the store.
            most: How many are to be.
        """
        heard_at = time.monotonic()
        while True:
            try:
                process, words = self.heard(_SILENCE)
            except Empty:
                if count() >= most:
                    return
                assert time.monotonic() < heard_at + _TIMEOUT, "the replicas book no further order"
                continue
            heard_at = time.monotonic()
            if words[0] == "booked":
                yield process, words[1:]
