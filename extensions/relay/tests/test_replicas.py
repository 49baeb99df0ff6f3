"""Replicas of one relay, of which the active one is killed, ended, or stopped for longer than its lease."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

from extensions.relay.tests.program import start
from pybayeux_replay import LeaseStore

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType
    from typing import Self

    from extensions.relay.tests.targets import TestTarget
    from pybayeux_devserver.pytest_plugin import ServerFactory

_LEASE: Final = 1.0
_FAULTS: Final = (signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM)
_EACH_TIME: Final = 40


class _Replicas:
    """Three relays of one name, and a look at the lease in their target."""

    def __init__(self, url: str, target: TestTarget) -> None:
        self._arguments: Final = (url, "/orders", "--to", target.name, "--lease", str(_LEASE), "--batch", "7")
        self._target: Final = target
        self._opened: Final = target.kit.make()
        self._processes: Final[dict[int, subprocess.Popen[str]]] = {}

    def __enter__(self) -> Self:
        for _ in range(3):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.store.close()
        for process in self._processes.values():
            process.kill()
            process.communicate()

    def start(self) -> None:
        process = start(*self._arguments)
        self._processes[process.pid] = process

    def wait_for(self, count: int) -> None:
        """Wait until so many records are there."""
        while len(self._target.replay_ids()) < count:
            time.sleep(0.02)

    def active(self) -> subprocess.Popen[str]:
        """The process that holds the lease."""
        assert isinstance(self._opened.store, LeaseStore)
        lease = self._opened.store.lease("relay")
        assert lease is not None
        return self._processes[int(lease.holder.split(":")[1])]


def test_each_event_is_there_once_and_in_order(leased_target: TestTarget, bayeux_server_factory: ServerFactory) -> None:
    server, published = bayeux_server_factory(), 0
    with _Replicas(server.url, leased_target) as replicas:
        for fault in (*_FAULTS, None):
            for number in range(published, published + _EACH_TIME):
                server.publish("/orders", {"number": number})
            published += _EACH_TIME
            replicas.wait_for(published - _EACH_TIME + 1)
            if fault is not None:
                active = replicas.active()
                active.send_signal(fault)
                if fault is signal.SIGSTOP:
                    time.sleep(2 * _LEASE)  # so that another one takes over while it knows nothing
                    active.send_signal(signal.SIGCONT)
                else:
                    replicas.start()
            replicas.wait_for(published)
    assert leased_target.numbers() == list(range(published))
