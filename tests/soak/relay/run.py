"""One run of the proof: events are published, faults strike, and the records are judged at the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pybayeux_devserver import DevServer
from pybayeux_replay import Lease
from tests.servers.proxy import Place
from tests.soak.relay.engines import DATABASES, LeaseWatch
from tests.soak.relay.faults import FAULTS
from tests.soak.relay.network import Network
from tests.soak.relay.replicas import Replica
from tests.soak.relay.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pybayeux_devserver import BlockingServer
    from tests.soak.relay.engines import Database
    from tests.soak.relay.faults import Fault
    from tests.soak.relay.verdict import Verdict

__all__ = ("CHANNELS", "Outcome", "Plan", "run_proof")

CHANNELS: Final = ("/orders", "/invoices", "/shipments")
_REPLICAS: Final = 3
_HOUR: Final = 3600
_POLL: Final = 0.02
_PATIENCE: Final = 60.0
"""Seconds without a new record after which a run is given up."""
_DEATHS: Final = 5
"""How many replicas may end by themselves until a run is given up. One is wrong already."""
_ACTIVE_IS_STRUCK: Final = 0.8
"""How often a fault strikes the replica that is active."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen.

    Attributes:
        target: One of `DATABASES`.
        events: How many events are published.
        minutes: In how much time.
        seed: Determines the order of the faults, and how long each lasts.
        lease: The length of the lease in seconds.
        faults: The kinds of faults; those that this machine or this target cannot have are left out.
    """

    target: str
    events: int
    minutes: float
    seed: int
    lease: float = 3.0
    faults: Sequence[str] = tuple(FAULTS)


@dataclass
class Outcome:
    """What happened.

    Attributes:
        plan: What was to happen.
        seconds: How long it took.
        faults: How often each kind of fault struck.
        failed_over: Seconds from a fault of the active replica to the first record of another one, by kind of fault.
        starts: How many processes of replicas there were.
        died: Why replicas ended by themselves.
        verdict: What became of the events.
        stalled: Why the run was given up; empty if it was not.
        log: What the replicas said, if something is wrong.
    """

    plan: Plan
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failed_over: list[tuple[str, float]] = field(default_factory=list)
    starts: int = 0
    died: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=lambda: judge({}, ()))
    stalled: str = ""
    log: str = ""

    @property
    def is_good(self) -> bool:
        """Whether each event is there once and in order, and no replica ended by itself."""
        return self.verdict.is_good and not self.died and not self.stalled


class _Stalled(Exception):
    """Nothing happens any more."""


def run_proof(plan: Plan, report: Callable[[str], None] = lambda line: None) -> Outcome:
    """Run the proof with one target.

    Args:
        plan: What is to happen.
        report: Gets a line for each fault.

    Raises:
        MissingTool: The database is not installed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pybayeux-proof-")))
        database: Database = DATABASES[plan.target]()
        stack.callback(database.close)
        server = stack.enter_context(DevServer(retention=plan.events + 1))
        run = _Run(plan, database, server, folder, report)
        stack.callback(run.close)
        return run.run()


class _Run:
    def __init__(
        self, plan: Plan, database: Database, server: BlockingServer, folder: Path, report: Callable[[str], None]
    ) -> None:
        self.database: Database = database
        self.server: BlockingServer = server
        self.lease: float = plan.lease
        self.dice: Random = Random(plan.seed)
        self._plan: Final = plan
        self._report: Final = report
        self._outcome: Final = Outcome(plan)
        self._published: Final = Counter[str]()
        self._stopping: Final = threading.Event()
        self._publisher: Final = threading.Thread(target=self._publish)
        self._stack: Final = ExitStack()
        engine_port = 0 if database.engine is None else database.engine.port
        self._watch: Final = LeaseWatch(database.target("127.0.0.1", engine_port))
        self._stack.callback(self._watch.close)
        self._replicas: Final = [self._replica(number, folder) for number in range(_REPLICAS)]

    def _replica(self, number: int, folder: Path) -> Replica:
        url, engine = urlsplit(self.server.url), self.database.engine
        assert url.port is not None
        store = None if engine is None else Place(engine.port)
        network = self._stack.enter_context(Network(Place(url.port, url.path), store))
        at = ("", 0) if network.store is None else (network.store.proxy.host, network.store.proxy.port)
        arguments = [network.server.proxy.url, *CHANNELS, "--to", self.database.target(*at)]
        arguments += ["--lease", str(self._plan.lease), "--progress", "0"]
        # The clock of SQLite is that of the machine, so a replica of its own machine cannot have another one.
        clock = self.dice.choice((-_HOUR, _HOUR)) if number == 0 and engine is not None else 0
        return Replica(network, arguments, folder / f"replica-{number}.log", clock)

    def run(self) -> Outcome:
        """Publish, let faults strike, and judge."""
        began, outcome = time.monotonic(), self._outcome
        for replica in self._replicas:
            replica.start()
        self._publisher.start()
        try:
            self._until(lambda: self._count() > 0)
            for name in self._names():
                self._strike(name, FAULTS[name])
            self._publisher.join()
            self._until(lambda: self._count() >= self._plan.events)
            time.sleep(2 * self.lease)  # so that a replica that believes in an old lease can do its harm
            self._check_replicas()
        except _Stalled as error:
            outcome.stalled = str(error)
        self.close()
        outcome.verdict = judge(self._published, self.database.records() if self._count() else ())
        outcome.seconds = time.monotonic() - began
        outcome.starts = sum(replica.starts for replica in self._replicas)
        if not outcome.is_good:
            outcome.log = "\n".join(replica.log for replica in self._replicas)
        return outcome

    def close(self) -> None:
        """Kill the replicas, and end everything of this run but the database and the server."""
        self._stopping.set()
        if self._publisher.is_alive():
            self._publisher.join()
        for replica in self._replicas:
            replica.kill()
        self._stack.close()

    def _publish(self) -> None:
        """Publish all events at an even rate, each on a channel by chance."""
        dice, pause = Random(self._plan.seed), self._plan.minutes * 60 / self._plan.events
        began = time.monotonic()
        for number in range(self._plan.events):
            ahead = began + number * pause - time.monotonic()
            if ahead > _POLL and self._stopping.wait(ahead):
                return
            channel = dice.choice(CHANNELS)
            # Counted first: the target may have it before the call returns.
            self._published[channel] += 1
            self.server.publish(channel, {"number": self._published[channel] - 1, "text": "x" * 60})

    def _names(self) -> Iterator[str]:
        """The faults, each kind once in every round, until all events are published."""
        kinds = [name for name in self._plan.faults if FAULTS[name].is_possible(self.database)]
        while kinds:
            self.dice.shuffle(kinds)
            for name in kinds:
                yield name
                if not self._publisher.is_alive() and len(self._outcome.faults) == len(kinds):
                    return

    def _strike(self, name: str, fault: Fault) -> None:
        time.sleep(self.dice.uniform(0.1, 1.0))
        active, before = self._active()
        replica = active if self.dice.random() < _ACTIVE_IS_STRUCK else self.dice.choice(self._replicas)
        began, count = time.monotonic(), self._count()
        striking = threading.Thread(target=fault.strike, args=(self, replica))
        striking.start()
        took = ""
        if fault.takes_over and replica is active:
            self._until(lambda: self._has_changed(before) or (not striking.is_alive() and self._holds(replica, before)))
            if self._has_changed(before):
                self._until(lambda: self._is_written_since(count))
                seconds = time.monotonic() - began
                self._outcome.failed_over.append((name, seconds))
                took = f", another writes after {seconds:.2f} s"
        striking.join()
        count = self._count()
        self._until(lambda: self._is_written_since(count))
        self._outcome.faults[name] += 1
        self._check_replicas()
        self._report(f"{self._count():,} of {self._plan.events:,} events; {fault.what}{took}")

    def _active(self) -> tuple[Replica, Lease]:
        """The replica that holds the lease, and the lease."""
        found = list[tuple[Replica, Lease]]()

        def is_found() -> bool:
            lease = self._watch.read()
            if lease is not None and not lease.is_expired:
                of = lease.holder.split(":")[1]
                found.extend((each, lease) for each in self._replicas if str(each.process_id) == of)
            return bool(found)

        self._until(is_found)
        return found[0]

    def _has_changed(self, before: Lease) -> bool:
        lease = self._watch.read()
        return lease is not None and lease.number > before.number

    def _holds(self, replica: Replica, before: Lease) -> bool:
        """Whether a replica still has its lease: it was stopped while it had a lock that others need to take it."""
        lease = self._watch.read()
        is_same = lease is not None and lease.number == before.number and not lease.is_expired
        return is_same and before.holder.split(":")[1] == str(replica.process_id)

    def _is_written_since(self, count: int) -> bool:
        return (now := self._count()) > count or now >= self._plan.events

    def _count(self) -> int:
        """How many records there are; 0 while the database does not answer."""
        try:
            return self.database.count()
        except Exception:  # each engine has its own errors
            return 0

    def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that other processes do.

        Raises:
            _Stalled: It does not happen.
        """
        deadline, count = time.monotonic() + _PATIENCE, self._count()
        while not condition():
            self._check_replicas()
            if (now := self._count()) > count:
                deadline, count = time.monotonic() + _PATIENCE, now
            if time.monotonic() > deadline:
                raise _Stalled(f"no new record for {_PATIENCE:.0f} s; {count:,} are there")
            time.sleep(_POLL)

    def _check_replicas(self) -> None:
        """Start those again that ended by themselves.

        Raises:
            _Stalled: There were too many.
        """
        for replica in self._replicas:
            if (failure := replica.failure()) is not None:
                self._outcome.died.append(failure)
                if len(self._outcome.died) > _DEATHS:
                    raise _Stalled("replicas end by themselves again and again")
                replica.start()
