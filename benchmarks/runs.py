"""A run: the cases one after the other, the clients of a case in turn, round after round.

No client is measured on a server that has just started: until its compiler has seen some hundred thousand events, a
server sends a fraction of what it can, and its first clients pay for many small answers instead of a few large ones.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from benchmarks import startup
from benchmarks.cases import CASES
from benchmarks.clients import CLIENTS, SERVER
from benchmarks.measure import MeasurementError, measure
from benchmarks.results import Results
from benchmarks.servers import running
from tests.servers.build import MissingTool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.cases import Case
    from benchmarks.measure import Measurement
    from tests.servers.server import Server

_WARM_UP: Final = ("bulk-long-polling", "bulk-websocket")
"""The cases that a server is warmed up with."""
_WARM_UP_EVENTS: Final = 200_000

NAMES: Final = (*CASES, startup.NAME)
"""The names of all cases."""


class Run:
    """Measures cases.

    Args:
        quick: whether to measure fewer events.
        rounds: how often each client is measured in each case.
        clients: the names of the clients that take part.
        report: called with what happens, line by line.
    """

    def __init__(self, *, quick: bool, rounds: int, clients: Iterable[str], report: Callable[[str], None]) -> None:
        self.results: Final = Results(quick=quick, rounds=rounds)
        self._clients: Final = frozenset(clients)
        self._report: Final = report
        self._stack: Final = ExitStack()
        self._servers: Final[dict[str, Server]] = {}

    def run(self, names: Sequence[str]) -> Results:
        """Measure the cases of these names, and stop the servers.

        Raises:
            MissingTool: a program is missing that a server needs.
            BuildError: a server could not be built.
        """
        with self._stack:
            for number, name in enumerate(names, 1):
                self._report(f"{name} ({number} of {len(names)})")
                if name == startup.NAME:
                    self._measure_all(name, list(startup.STARTS), startup.measure_start)
                else:
                    self._run_case(CASES[name])
        self.results.load.append(os.getloadavg()[0])
        return self.results

    def _run_case(self, case: Case) -> None:
        server = self._server(case.server)
        count = case.quick if self.results.quick else case.count

        def measure_client(name: str) -> Measurement:
            client = CLIENTS[name]
            found = measure(case, client, server, count)
            self.results.versions.setdefault(client.library, client.version())
            return found

        self._measure_all(case.name, [name for name in case.clients if name in self._clients], measure_client)

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            self._report(f"starting {name}")
            server = self._servers[name] = self._stack.enter_context(running(name))
            self.results.versions[f"{name} server"] = server.version
            self._report("warming it up")
            warm_up(server)
        return self._servers[name]

    def _measure_all(self, case: str, names: Sequence[str], measured: Callable[[str], Measurement]) -> None:
        outcome = self.results.outcomes.setdefault(case, {})
        failures = self.results.failures.setdefault(case, {})
        for number in range(1, self.results.rounds + 1):
            for name in in_turn(names, number):
                if name in failures:
                    continue
                try:
                    found = measured(name)
                except (MeasurementError, MissingTool) as error:
                    failures[name] = str(error).partition("\n")[0]
                    self._report(f"  round {number}: {name}: failed: {error}")
                else:
                    outcome.setdefault(name, []).append(found)
                    self._report(f"  round {number}: {name}: {found.processor:,.1f} us")


def warm_up(server: Server) -> None:
    """Let a server that has just started send some hundred thousand events."""
    for case in _WARM_UP:
        measure(CASES[case], CLIENTS[SERVER], server, _WARM_UP_EVENTS)


def in_turn(names: Sequence[str], number: int) -> list[str]:
    """The names in the order of a round, the first of which is 1: each round begins with another client."""
    start = (number - 1) % len(names) if names else 0
    return [*names[start:], *names[:start]]
