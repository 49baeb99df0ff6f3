"""The replicas: processes of ``pybayeux relay``, each in a network of its own, one of them with a wrong clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.relay.network import Network

__all__ = ("Replica", "faketime")

_SHIM: Final = Path(__file__).parent / "wrong_clock.py"
_FAKETIME: Final = ("usr/lib/*/faketime/libfaketimeMT.so.1", "usr/local/lib/faketime/libfaketimeMT.so.1")
_LOG_END: Final = 3000


def faketime() -> str | None:
    """The file of libfaketime, or None if it is not installed."""
    return next((str(path) for pattern in _FAKETIME for path in Path("/").glob(pattern)), None)


class Replica:
    """One of the replicas.

    Args:
        network: Its network.
        arguments: Those of ``pybayeux relay``.
        log: The file for what it says.
        clock: By how many seconds its clock is off.
    """

    def __init__(self, network: Network, arguments: Sequence[str], log: Path, clock: int = 0) -> None:
        self.network: Final = network
        self.starts = 0
        self._arguments: Final = arguments
        self._log: Final = log
        self._clock: Final = clock
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """The id of its process; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start a process."""
        self.starts += 1
        environment = {name: value for name, value in os.environ.items() if not _is_unwanted(name)}
        program = [sys.executable, "-m", "pybayeux"]
        if self._clock and (library := faketime()) is not None:
            # Before it is in the network: the programs that lead there have the right time.
            wrong = [f"LD_PRELOAD={library}", f"FAKETIME={self._clock:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
            program = ["env", *wrong, "DONT_FAKE_MONOTONIC=1", *program]
        elif self._clock:
            program = [sys.executable, str(_SHIM), str(self._clock)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.network.prefix, *program, "relay", *self._arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the process, if there is one."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        """Wait until the process has ended."""
        process, self._process = self._process, None
        if process is not None:
            process.wait()

    def failure(self) -> str | None:
        """Why its process ended by itself; None while it runs. Another one may be started then."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self._process = None
        return f"a replica ended by itself, with status {status}: {self.log[-_LOG_END:]}"

    @property
    def log(self) -> str:
        """What its processes said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


def _is_unwanted(name: str) -> bool:
    return name.startswith("PYBAYEUX_") or name.lower().endswith("_proxy")
