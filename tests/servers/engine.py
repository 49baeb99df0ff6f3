"""A database engine in a child process: where it is, how it is started, stopped, killed and started again.

Owns the folder of its data, which outlives a stop and a kill, and goes with `close`. An engine ends when the test run
does, even if that is killed: a shell ends it when its own standard input closes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

from tests.servers.ports import free_port
from tests.servers.process import Child, ChildError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Engine", "is_alive")

_READY_TIMEOUT: Final = 60.0
"""Seconds until the engine must answer; it takes less than one on an idle machine."""

_PAUSE: Final = 0.02
"""Seconds between two questions whether it answers."""

_SUPERVISOR: Final = 'end=$1; shift; "$@" >&2 & echo $!; cat >/dev/null; kill -"$end" $! 2>/dev/null; wait $!'
"""The shell says the engine's process id, and ends the engine when the shell's standard input closes."""


class Engine:
    """A database engine. A kind of engine says how it is set up, called and asked.

    Args:
        name: What is shown in reports.
    """

    end: ClassVar[str] = "INT"
    """The signal that ends it in order: the fast shutdown of PostgreSQL, and that of Redis."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.port = 0
        self.folder: Final = Path(tempfile.mkdtemp(prefix=f"pybayeux-{name}-"))
        self._child: Child | None = None
        self._process_id = 0

    # -- what a kind of engine says

    def command(self) -> Sequence[str]:
        """Return the program and its arguments. Its data is in `folder`, and it listens on `port`."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it serves requests now."""
        raise NotImplementedError

    def clear(self) -> None:
        """Delete all data and close the connections of others."""
        raise NotImplementedError

    # -- its life

    @property
    def is_running(self) -> bool:
        """Whether it was started, and neither stopped nor killed since."""
        return self._child is not None

    def start(self) -> Self:
        """Start the engine, on a free port the first time and on the same one after a stop; wait until it answers.

        Raises:
            ChildError: It does not answer in time.
        """
        assert self._child is None, "already running"
        self.port = self.port or free_port()
        self._child = Child(["/bin/sh", "-c", _SUPERVISOR, "sh", self.end, *self.command()])
        self._process_id = int(self._child.read_line(_READY_TIMEOUT))
        deadline = time.monotonic() + _READY_TIMEOUT
        while not self.answers():
            if time.monotonic() > deadline or not is_alive(self._process_id):
                child, self._child = self._child, None
                child.stop()
                raise ChildError(f"{self.name} does not answer: {child.complaints}")
            time.sleep(_PAUSE)
        return self

    def revive(self) -> None:
        """Start the engine again if it has ended by itself, as its supervisor would."""
        if self._child is not None and not is_alive(self._process_id):
            self.stop()
            self.start()

    def stop(self) -> None:
        """Stop the engine in order, if it runs. Its data stays."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def kill(self) -> None:
        """Kill the engine, if it runs. Its data stays as it is."""
        if self._child is not None:
            self.signal(signal.SIGKILL)
            self.stop()

    def pause(self) -> None:
        """Stop its process, as a network that swallows everything does: connections stay open, and nothing answers."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let its process go on."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the engine's process."""
        os.kill(self._process_id, number)

    def reset(self) -> bool:
        """Make it as new for the next test; False if it is not fit for one."""
        try:
            self.clear()
        except Exception:
            return False
        return True

    def close(self) -> None:
        """Stop the engine, and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return f"<{self.name} on port {self.port}>"


def is_alive(process_id: int) -> bool:
    """Whether a process runs."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return state.stdout.strip()[:1] not in ("", "Z")
