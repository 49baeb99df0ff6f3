"""Three replicas as processes, of which the active one is killed, or stopped for longer than its lease, repeatedly.

The caller says afterwards whether each order was booked once, and in order.
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

__all__ = ("ORDERS", "run_faults")

_PROGRAM: Final = Path(__file__).parent / "replica_program.py"
_LEASE: Final = 1.0
_FAULTS: Final = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSTOP)
_EACH_TIME: Final = 20
ORDERS: Final = _EACH_TIME * (len(_FAULTS) + 1)
"""How many orders are published."""


def run_faults(server: BlockingServer, store: str, booked: Callable[[], int]) -> None:
    """Publish orders, and do something to the active replica in the middle of each batch.

    Args:
        server: The server.
        store: The name of the store.
        booked: Returns how many orders are booked there.
    """
    published = 0
    with ReplicaProcesses(_PROGRAM, server.url, store, str(_LEASE)) as replicas:
        for fault in (*_FAULTS, None):
            for number in range(published, published + _EACH_TIME):
                server.publish("/orders", {"number": number})
            published += _EACH_TIME
            for active, (word,) in replicas.booked(booked, published):
                if fault is not None and int(word) % _EACH_TIME == _EACH_TIME // 2:
                    _inflict(replicas, active, fault)
                    fault = None


def _inflict(replicas: ReplicaProcesses, active: subprocess.Popen[str], fault: signal.Signals) -> None:
    active.send_signal(fault)
    if fault is signal.SIGSTOP:
        time.sleep(2 * _LEASE)  # so that another one takes over while it knows nothing
        active.send_signal(signal.SIGCONT)
    else:
        replicas.start()
