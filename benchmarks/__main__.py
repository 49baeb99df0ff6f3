"""Compares pybayeux with other Bayeux clients: what an event costs, in processor time of the client alone.

Starts CometD (Java) and Faye (Node), and lets each client receive the same events in a process of its own, in turn.
The clients: pybayeux as "core" (with ack and replay, on httpx and websockets) and as "all" (every package installed,
on aiohttp and websockets), the JavaScript and Java clients of CometD, Faye's, and aiocometd-ng. "server alone" is a
program that only counts bytes: a client that receives as many events a second waits for the server.

The first run builds the servers and the Java client, and installs the packages from npm. That needs Java 17, Maven,
Node 18 and npm.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import results as saved
from benchmarks.cases import CASES
from benchmarks.clients import CLIENTS, SLOW_TO_START
from benchmarks.page import write_page
from benchmarks.runs import NAMES, Run
from benchmarks.tables import rendered
from tests.servers.build import BuildError, MissingTool

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from benchmarks.results import Results

ROUNDS: Final = 3
_EXAMPLES: Final = """\
examples:
  uv run python -m benchmarks --quick                    every case, less of it, in a few minutes
  uv run python -m benchmarks                            every case, three rounds: about an hour
  uv run python -m benchmarks bulk-websocket             one case
  uv run python -m benchmarks bulk-websocket --client core --client "Faye JavaScript"
  uv run python -m benchmarks --json results.json        also keeps every single measurement
  uv run python -m benchmarks --read results.json --plots .
                                                         draws them, without a new run
  uv run python -m benchmarks --write writes docs/performance.md, as a release needs it

cases:
"""


def main() -> int:
    """Measure, and print the tables."""
    arguments = _parser().parse_args()
    names = [_checked(name, NAMES, "case") for name in arguments.cases] or list(NAMES)
    clients = [_checked(name, CLIENTS, "client") for name in arguments.client]
    if not clients:
        clients = [name for name in CLIENTS if not (arguments.quick and name in SLOW_TO_START)]
    try:
        results = _results(arguments, names, clients)
    except (MissingTool, BuildError) as error:
        print(error, file=sys.stderr)
        return 2
    _write(arguments, results)
    print(rendered(results))
    return 1 if any(_is_ours(name) for failures in results.failures.values() for name in failures) else 0


def _results(arguments: argparse.Namespace, names: Sequence[str], clients: Sequence[str]) -> Results:
    if arguments.read is not None:
        return saved.load(arguments.read)
    rounds = arguments.rounds or (1 if arguments.quick else ROUNDS)
    return Run(quick=arguments.quick, rounds=rounds, clients=clients, report=_report).run(names)


def _write(arguments: argparse.Namespace, results: Results) -> None:
    if arguments.json is not None:
        results.save(arguments.json)
    if arguments.plots is not None:
        from benchmarks.plots import draw

        draw(results, arguments.plots)
    if arguments.write:
        write_page(results)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _is_ours(name: str) -> bool:
    return name not in CLIENTS or not CLIENTS[name].peer


def _checked(name: str, known: Collection[str], what: str) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; expected one of {', '.join(known)}"
    raise SystemExit(f"there is no {what} {name!r}{hint}")


def _parser() -> argparse.ArgumentParser:
    cases = "\n".join(f"  {name:<24}{CASES[name].title if name in CASES else name}" for name in NAMES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=_EXAMPLES + cases,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="what to measure; everything by default")
    parser.add_argument(
        "--quick", action="store_true", help="fewer events, one round, and of the peers those alone that start quickly"
    )
    parser.add_argument("--rounds", type=int, help=f"how often each client is measured ({ROUNDS} by default)")
    parser.add_argument("--client", action="append", default=[], metavar="NAME", help="only this client; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement to a file")
    parser.add_argument("--read", type=Path, metavar="FILE", help="read such a file instead of measuring")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the cases as PNG")
    parser.add_argument("--write", action="store_true", help="write the tables to docs/performance.md")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
