"""The same twenty scripts of faults for three clients, and what became of the events.

    uv run python -m benchmarks.peers.compare            # prints the table, and writes docs/comparison.md
    uv run python -m benchmarks.peers.compare --show     # prints it alone

Each client runs as its own documentation advises for a stream that must not lose an event, in a process that is started
again whenever it ends. The org is the emulator, ten times as fast as a real one. It needs Node and npm for Faye.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pybayeux_devserver.soak.named import NAMED
from pybayeux_devserver.soak.process import CommandConsumer, ForkedConsumer
from pybayeux_devserver.soak.run import outcomes
from tests.servers.node import package_version, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pybayeux_devserver.soak.process import Consumer
    from pybayeux_devserver.soak.run import Hire
    from pybayeux_devserver.soak.stage import Outcome

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
PAGE: Final = ROOT / "docs" / "comparison.md"
MARK: Final = "<!-- What follows is written by benchmarks/peers/compare.py. -->\n"
SCALE: Final = 10.0
PATIENCE: Final = 30.0


def pybayeux(log: Path) -> Consumer:
    """Ours."""
    return ForkedConsumer(log)


def aiosfstream(log: Path) -> Consumer:
    """aiosfstream-ng."""
    return CommandConsumer([sys.executable, str(HERE / "aiosfstream_consumer.py")], log)


def faye(log: Path) -> Consumer:
    """Faye with a replay extension."""
    return CommandConsumer(["node", str(HERE / "faye_consumer.js"), str(ROOT / "tests" / "servers" / "node")], log)


async def compared(clients: Mapping[str, Hire]) -> dict[str, dict[str, Outcome]]:
    """What each script came to with each client, by the names of both."""
    table: dict[str, dict[str, Outcome]] = {script.name: {} for script in NAMED}
    for name, hire in clients.items():
        async for outcome in outcomes(NAMED, hire=hire, scale=SCALE, patience=PATIENCE, supervised=True):
            table[outcome.script.name][name] = outcome
            print(f"{name}: {outcome.script.name}: {cell(outcome)}", file=sys.stderr)
    return table


def cell(outcome: Outcome) -> str:
    """What a script came to, in a few words."""
    verdict = outcome.verdict
    lost = len(verdict.lost) + len(verdict.silent)
    more = len(verdict.repeated) + verdict.after_gap + verdict.again
    parts = [f"**{lost} lost**" if lost else "0 lost", f"{more} twice", f"{outcome.logins} logins"]
    if verdict.disordered:
        parts.append(f"{len(verdict.disordered)} out of order")
    if outcome.died:
        parts.append(f"ended {len(outcome.died)} times")
    if not lost:
        parts.append(f"whole after {outcome.late:.1f} s")
    return ", ".join(parts)


def totals(rows: Sequence[Outcome]) -> str:
    """What all scripts came to together."""
    lost = sum(len(each.verdict.lost) + len(each.verdict.silent) for each in rows)
    more = sum(len(each.verdict.repeated) + each.verdict.after_gap + each.verdict.again for each in rows)
    recovered = sum(not each.verdict.lost and not each.verdict.silent for each in rows)
    published = sum(each.verdict.published for each in rows)
    logins, ended = sum(each.logins for each in rows), sum(len(each.died) for each in rows)
    return (
        f"{lost} of {published} lost, {more} twice, {recovered} of {len(rows)} recovered, "
        f"{logins} logins, ended {ended} times"
    )


def page(table: Mapping[str, Mapping[str, Outcome]], clients: Sequence[str]) -> str:
    """The table as Markdown."""
    lines = [f"| script | {' | '.join(clients)} |", f"|---|{'---|' * len(clients)}"]
    lines += [f"| {name} | {' | '.join(cell(row[client]) for client in clients)} |" for name, row in table.items()]
    every = [totals([row[client] for row in table.values()]) for client in clients]
    return "\n".join([*lines, f"| **all together** | {' | '.join(every)} |", ""])


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the table, and leave the page alone")
    show = parser.parse_args().show
    prepare()
    clients: dict[str, Hire] = {
        f"pybayeux {version('pybayeux')}": pybayeux,
        f"aiosfstream-ng {version('aiosfstream-ng')}": aiosfstream,
        f"Faye {package_version('faye')} with a replay extension": faye,
    }
    made = page(asyncio.run(compared(clients)), list(clients))
    print(made)
    if not show:
        head, mark, _ = PAGE.read_text().partition(MARK)
        PAGE.write_text(f"{head}{mark}\nPython {platform.python_version()}.\n\n{made}")


if __name__ == "__main__":
    main()
