"""Compares three clients: the same scripts of faults, and what became of the events.

    uv run python -m benchmarks.peers.compare            # prints the table, and writes docs/comparison.md
    uv run python -m benchmarks.peers.compare --show     # only prints it

Each client runs as its own documentation recommends for a stream that must not lose an event, in a process that is
restarted whenever it ends. The org is the emulator; its clock runs ten times faster than a real one's. Faye needs Node
and npm.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers.node import package_version, prepare
from tests.soak.consumer_process import CommandConsumer, ForkedConsumer
from tests.soak.named_scripts import NAMED
from tests.soak.runner import outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.soak.consumer_process import Consumer
    from tests.soak.runner import ConsumerFactory
    from tests.soak.script_run import Outcome

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
PAGE: Final = ROOT / "docs" / "comparison.md"
MARK: Final = "<!-- What follows is written by benchmarks/peers/compare.py. -->\n"
SCALE: Final = 10.0
TIMEOUT: Final = 30.0


def aiosfstream(log: Path) -> Consumer:
    """aiosfstream-ng."""
    return CommandConsumer([sys.executable, "-m", "benchmarks.peers.aiosfstream_consumer"], log, ROOT)


def faye(log: Path) -> Consumer:
    """Faye with a replay extension."""
    return CommandConsumer(["node", str(HERE / "faye_consumer.js"), str(ROOT / "tests" / "servers" / "node")], log)


async def compared(clients: Mapping[str, ConsumerFactory]) -> dict[str, dict[str, Outcome]]:
    """The outcome of each script with each client, by script and client."""
    table: dict[str, dict[str, Outcome]] = {script.name: {} for script in NAMED}
    for name, make_consumer in clients.items():
        # The other clients have no transaction for an event and its position.
        has_transactions = make_consumer is ForkedConsumer
        scripts = [script if has_transactions else replace(script, exactly_once=False) for script in NAMED]
        async for outcome in outcomes(
            scripts, make_consumer=make_consumer, scale=SCALE, timeout=TIMEOUT, supervised=True
        ):
            table[outcome.script.name][name] = outcome
            print(f"{name}: {outcome.script.name}: {cell(outcome)}", file=sys.stderr)
    return table


def cell(outcome: Outcome) -> str:
    """The outcome of a script, in a few words."""
    report = outcome.report
    lost = len(report.lost) + len(report.undeclared)
    more = len(report.repeated) + report.after_gap + report.again
    parts = [f"**{lost} lost**" if lost else "0 lost", f"{more} twice", f"{outcome.logins} logins"]
    if report.disordered:
        parts.append(f"{len(report.disordered)} out of order")
    if outcome.false_gaps:
        parts.append(f"{outcome.false_gaps} false gaps")
    if outcome.died:
        parts.append(f"ended {len(outcome.died)} times")
    if not lost:
        parts.append(f"whole after {outcome.recovery:.1f} s")
    return ", ".join(parts)


def totals(rows: Sequence[Outcome]) -> str:
    """The outcomes of all scripts, added up."""
    lost = sum(len(each.report.lost) + len(each.report.undeclared) for each in rows)
    more = sum(len(each.report.repeated) + each.report.after_gap + each.report.again for each in rows)
    recovered = sum(not each.report.lost and not each.report.undeclared for each in rows)
    published = sum(each.report.published for each in rows)
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
    parser.add_argument("--show", action="store_true", help="print the table without writing the page")
    show = parser.parse_args().show
    prepare()
    clients: dict[str, ConsumerFactory] = {
        f"pybayeux {version('pybayeux')}": ForkedConsumer,
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
