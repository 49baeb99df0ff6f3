"""What a WebSocket costs over other libraries and on uvloop: receive loops without a client, and our clients.

    uv run --with picows python -m benchmarks.libraries

Starts CometD's Java server. Each receives the same events in a process of its own, in turn, three rounds. The receive
loops do not decode; they and the client without extensions do not acknowledge. Without picows, it is left out.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from benchmarks.cases import CASES
from benchmarks.clients import CLIENTS, BenchmarkClient, python_program
from benchmarks.measure import measure
from benchmarks.runs import in_turn, warm_up
from benchmarks.servers import running
from benchmarks.tables import measured_table

if TYPE_CHECKING:
    from benchmarks.cases import Case
    from benchmarks.results import Outcome
    from benchmarks.tasks import Loop
    from tests.servers.server import Server

_COUNTS: Final = {"bulk-websocket": 100_000, "500-websocket": 2_500}
_ROUNDS: Final = 3
_LIBRARIES: Final = ("websockets", "aiohttp", "picows")
_OURS: Final = ("no extension", "core")
LOOPS: Final[tuple[Loop, ...]] = ("asyncio", "uvloop")
"""The event loops."""


def main() -> None:
    """Print a table for each case."""
    missing = [each for each in _LIBRARIES if find_spec(each) is None]
    if missing:
        print(f"left out, as not installed: {', '.join(missing)}", file=sys.stderr)
    clients = {each.name: each for loop in LOOPS for each in clients_on(loop)}
    with running("CometD") as server:
        warm_up(server)
        for name, count in _COUNTS.items():
            print(f"{CASES[name].title}\n\n{compare(CASES[name], count, clients, server, _ROUNDS)}\n")


def clients_on(loop: Loop) -> list[BenchmarkClient]:
    """The receive loops on each library that is installed, and our clients, on an event loop of this kind."""
    alone = [
        BenchmarkClient(
            f"{each} {version(each)} alone",
            python_program("receive_loop"),
            partial(version, each),
            (("installed", each),),
        )
        for each in _LIBRARIES
        if find_spec(each) is not None
    ]
    return [_on(each, loop) for each in (*alone, *(CLIENTS[name] for name in _OURS))]


def _on(client: BenchmarkClient, loop: Loop) -> BenchmarkClient:
    return replace(client, name=f"{client.name}, {loop}", members=(*client.members, ("loop", loop)))


def compare(case: Case, count: int, clients: dict[str, BenchmarkClient], server: Server, rounds: int) -> str:
    """Measure the clients in turn; returns a table in Markdown."""
    outcome: Outcome = {name: [] for name in clients}
    for number in range(1, rounds + 1):
        for name in in_turn(list(clients), number):
            outcome[name].append(measure(case, clients[name], server, count))
            print(f"round {number}: {name}: {outcome[name][-1].processor:.1f} us", file=sys.stderr)
    return measured_table(outcome, {"processor us / event": lambda each: each.processor}, "receives with")


if __name__ == "__main__":
    main()
