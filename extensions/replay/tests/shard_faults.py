"""Three replicas as processes that share channels, of which one is killed, or stopped for longer than its lease.

The caller says afterwards whether each order of each channel was booked once, and in order.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from extensions.replay.tests.replica_processes import ReplicaProcesses

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from pybayeux_devserver import BlockingServer

__all__ = ("CHANNELS", "EACH", "run_shard_faults")

_PROGRAM: Final = Path(__file__).parent / "sharded_program.py"
_LEASE: Final = 1.0
_FAULTS: Final = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)
_EACH_TIME: Final = 4
# So many that each replica certainly gets some.
CHANNELS: Final = tuple(f"/orders/{number}" for number in range(24))
EACH: Final = _EACH_TIME * (len(_FAULTS) + 1)
"""How many orders are published on each channel."""


class _Replicas(ReplicaProcesses):
    """Replicas that say how many channels they hold."""

    def __init__(self, url: str, store: str) -> None:
        super().__init__(_PROGRAM, url, store, str(_LEASE), *CHANNELS)
        self._held: Final[dict[subprocess.Popen[str], int]] = {}

    def heard(self, timeout: float = 90) -> tuple[subprocess.Popen[str], list[str]]:
        process, words = super().heard(timeout)
        if words[0] == "holds":
            self._held[process] = int(words[1])
        return process, words

    def wait_until_divided(self) -> None:
        """Wait until three replicas have all channels, and each has some."""
        while True:
            held = [count for process, count in self._held.items() if process.poll() is None and count]
            if len(held) == 3 and sum(held) == len(CHANNELS):
                return
            self.heard()


def run_shard_faults(server: BlockingServer, store: str, booked: Callable[[], int]) -> None:
    """Publish orders on all channels, and do something to one replica in the middle of each batch.

    Args:
        server: The server.
        store: The name of the store.
        booked: Returns how many orders are booked there.
    """
    published = 0
    with _Replicas(server.url, store) as replicas:
        for fault in (*_FAULTS, None):
            replicas.wait_until_divided()
            for number in range(published, published + _EACH_TIME):
                for channel in CHANNELS:
                    server.publish(channel, {"number": number})
            published += _EACH_TIME
            for active, (_, word) in replicas.booked(booked, published * len(CHANNELS)):
                if fault is not None and int(word) % _EACH_TIME == _EACH_TIME // 2:
                    _inflict(replicas, active, fault)
                    fault = None


def _inflict(replicas: _Replicas, active: subprocess.Popen[str], fault: signal.Signals) -> None:
    active.send_signal(fault)
    if fault is signal.SIGSTOP:
        time.sleep(2 * _LEASE)  # so that others take over its channels while it knows nothing
        active.send_signal(signal.SIGCONT)
    else:
        active.wait()
        replicas.start()
