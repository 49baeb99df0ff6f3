"""The faults: what each one does, and what it needs."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from tests.soak.relay.engines import Database
    from tests.soak.relay.replicas import Replica

__all__ = ("FAULTS", "Fault", "Scene")


class Scene(Protocol):
    """What a fault strikes.

    Attributes:
        database: The target.
        server: The Bayeux server.
        lease: The length of the lease in seconds.
        dice: Decides how long a fault lasts.
    """

    database: Database
    server: Any
    lease: float
    dice: Random


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        what: What happens, as the table says it.
        strike: Lets it happen to a replica, and returns when it is over.
        takes_over: Whether another replica takes over, if the active one is struck.
        needs: ``engine`` if the database has to be a process, ``disk`` if its disk has to be one of its own.
    """

    what: str
    strike: Callable[[Scene, Replica], None]
    takes_over: bool = False
    needs: str = ""

    def is_possible(self, database: Database) -> bool:
        """Whether it can happen to this database."""
        return not self.needs or getattr(database, self.needs) is not None


def _longer_than_lease(scene: Scene) -> float:
    return scene.lease * scene.dice.uniform(1.5, 2.5)


def _a_while(scene: Scene) -> float:
    return scene.dice.uniform(0.3, 1.5)


def _kill(scene: Scene, replica: Replica) -> None:
    replica.kill()
    time.sleep(_a_while(scene))
    replica.start()


def _end(scene: Scene, replica: Replica) -> None:
    replica.signal(signal.SIGTERM)
    replica.wait()
    replica.start()


def _pause(scene: Scene, replica: Replica) -> None:
    replica.signal(signal.SIGSTOP)
    time.sleep(_longer_than_lease(scene))
    replica.signal(signal.SIGCONT)


def _cut_from_server(scene: Scene, replica: Replica) -> None:
    replica.network.server.cut()
    time.sleep(_longer_than_lease(scene))
    replica.network.server.restore()


def _cut_from_database(scene: Scene, replica: Replica) -> None:
    assert replica.network.store is not None
    replica.network.store.cut()
    time.sleep(_longer_than_lease(scene))
    replica.network.store.restore()


def _restart_server(scene: Scene, replica: Replica) -> None:
    scene.server.restart(_a_while(scene))


def _restart_engine(scene: Scene, replica: Replica) -> None:
    engine = scene.database.engine
    assert engine is not None
    engine.stop()
    time.sleep(_a_while(scene))
    engine.start()


def _kill_engine(scene: Scene, replica: Replica) -> None:
    engine = scene.database.engine
    assert engine is not None
    engine.kill()
    time.sleep(_a_while(scene))
    engine.start()


def _refuse_writes(scene: Scene, replica: Replica) -> None:
    scene.database.refuse_writes()
    time.sleep(_longer_than_lease(scene))
    scene.database.take_writes()


def _fill_disk(scene: Scene, replica: Replica) -> None:
    assert scene.database.disk is not None
    scene.database.disk.fill()
    time.sleep(_longer_than_lease(scene))
    scene.database.disk.free()
    if scene.database.engine is not None:
        scene.database.engine.revive()  # Redis ends where it cannot write its log


FAULTS: Final[Mapping[str, Fault]] = {
    "kill": Fault("a replica killed (SIGKILL)", _kill, takes_over=True),
    "end": Fault("a replica ended in order (SIGTERM)", _end, takes_over=True),
    "pause": Fault("a replica stopped longer than the lease, then continued", _pause, takes_over=True),
    "cut-database": Fault("a replica cut off from the database", _cut_from_database, takes_over=True, needs="engine"),
    "cut-server": Fault("a replica cut off from the server", _cut_from_server),
    "server": Fault("the server restarted", _restart_server),
    "engine": Fault("the database stopped and started", _restart_engine, needs="engine"),
    "kill-engine": Fault("the database killed and started", _kill_engine, needs="engine"),
    "refuse": Fault("the database refuses writes", _refuse_writes),
    "disk": Fault("the disk of the database is full", _fill_disk, needs="disk"),
}
"""The kinds of faults, by name."""
