"""Three replicas as processes, of which the active one is killed, or stopped for longer than its lease, repeatedly.

The caller says afterwards whether each order was booked once, and in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pybayeux_devserver import BlockingServer

__all__ = ("ORDERS", "run_faults")

_PROGRAM: Final = Path(__file__).parent / "replica_program.py"
_LEASE: Final = 1.0
_FAULTS: Final = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSTOP)
_EACH_TIME: Final = 20
ORDERS: Final = _EACH_TIME * (len(_FAULTS) + 1)
"""How many orders are published."""


class _Replicas:
    """Processes, and what they say."""

    def __init__(self, url: str, store: str) -> None:
        self._arguments: Final = (url, store, str(_LEASE))
        self._processes: Final[list[subprocess.Popen[str]]] = []
        self._booked: Final[SimpleQueue[tuple[subprocess.Popen[str], int]]] = SimpleQueue()

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
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
        command = [sys.executable, str(_PROGRAM), *self._arguments]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            what, _, number = line.strip().partition(" ")
            if what == "booked":
                self._booked.put((process, int(number)))

    def booked(self) -> tuple[subprocess.Popen[str], int]:
        """Wait for the next order that is booked: by whom, and which."""
        return self._booked.get(timeout=90)


def run_faults(server: BlockingServer, store: str) -> None:
    """Publish orders, and do something to the active replica in the middle of each batch.

    Args:
        server: The server.
        store: The name of the store.
    """
    published = 0
    with _Replicas(server.url, store) as replicas:
        for fault in (*_FAULTS, None):
            for number in range(published, published + _EACH_TIME):
                server.publish("/orders", {"number": number})
            published += _EACH_TIME
            while True:
                active, number = replicas.booked()
                if fault is not None and number % _EACH_TIME == _EACH_TIME // 2:
                    _inflict(replicas, active, fault)
                    fault = None
                if number == published - 1:
                    break


def _inflict(replicas: _Replicas, active: subprocess.Popen[str], fault: signal.Signals) -> None:
    active.send_signal(fault)
    if fault is signal.SIGSTOP:
        time.sleep(2 * _LEASE)  # so that another one takes over while it knows nothing
        active.send_signal(signal.SIGCONT)
    else:
        replicas.start()
