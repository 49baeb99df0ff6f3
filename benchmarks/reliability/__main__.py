"""The fault matrix on real servers, by one command, which writes docs/reliability.md.

    uv run python -m benchmarks.reliability                             # pybayeux: everything
    uv run python -m benchmarks.reliability --peers                     # the other clients
    uv run python -m benchmarks.reliability --only hang --only Faye     # the cells whose names have these words
    uv run python -m benchmarks.reliability --quick                     # one fault of each kind, one server

With --only, --quick or --show the page is not written. Needs Java 17, Maven and Node; without root and libfaketime the
cells that need them are skipped, and say so.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.reliability.matrix import AT_ONCE, cells_of, is_quick, run_cells
from benchmarks.reliability.page import legend, line, sections, write_part
from benchmarks.reliability.servers import SERVERS, make_server
from benchmarks.reliability.subjects import PEERS, PYBAYEUX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.reliability.cell import Cell, Outcome

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"


async def run(cells: Sequence[Cell], at_once: int) -> list[Outcome]:
    """Runs cells, with a line for each outcome."""
    began, outcomes = time.monotonic(), []
    async for outcome in run_cells(cells, at_once):
        outcomes.append(outcome)
        error = f" ({outcome.error})" if outcome.error else ""
        print(
            f"{time.monotonic() - began:6.1f} s {len(outcomes)}/{len(cells)} {outcome.cell}: {line(outcome)}{error}",
            file=sys.stderr,
            flush=True,
        )
    return outcomes


def conditions(seconds: float, at_once: int) -> str:
    """Where and with what the figures were made."""
    servers = ", ".join(f"{name} {make_server(name).server.version}".strip() for name in SERVERS)
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; {servers}. "
        f"{at_once} cells at a time, {seconds / 60:.0f} minutes. Load average with whatever else ran on the machine: "
        f"{os.getloadavg()[2]:.0f}.\n"
    )


def main() -> None:
    """Runs the matrix and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="the other clients in the place of pybayeux")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="cells with this word; repeatable")
    parser.add_argument("--quick", action="store_true", help="one fault of each kind, on one server")
    parser.add_argument("--show", action="store_true", help="print the tables without writing the page")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="how many cells run at the same time")
    given = parser.parse_args()
    cells = cells_of(
        PEERS if given.peers else PYBAYEUX,
        lambda cell: all(word in str(cell) for word in given.only) and (not given.quick or is_quick(cell)),
    )
    began = time.monotonic()
    tables = sections(asyncio.run(run(cells, given.at_once)))
    content = f"{conditions(time.monotonic() - began, given.at_once)}\n{tables}"
    if given.show or given.quick or given.only:
        print(content)
    else:
        write_part(PAGE, given.peers, content if given.peers else f"{legend()}\n{content}")


if __name__ == "__main__":
    main()
