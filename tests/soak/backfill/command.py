"""The command line of the proof of the backfill: its options, its figures and its exit codes."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING

import click

from tests.soak.backfill.run import FillOutcome, run_script
from tests.soak.backfill.script import random_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

__all__ = ("FillTotals", "backfill", "outcomes")

_EPILOG = """
\b
Examples:
  uv run python -m tests.soak.backfill --minutes 5
  uv run python -m tests.soak.backfill --seed 17 --scripts 1

\b
Exit codes:
  0    Every script passed.
  1    A script failed: its seed, its steps and the consumer's log are shown.
  130  Interrupted by Ctrl-C; the totals so far are shown.
"""


@dataclass(slots=True)
class FillTotals:
    """The outcomes so far, added up."""

    scripts: int = 0
    processes: int = 0
    changes: int = 0
    streamed: int = 0
    filled: int = 0
    gaps: int = 0
    fills: int = 0
    again: int = 0
    in_doubt: int = 0
    failed: list[int] = field(default_factory=list)

    def add(self, outcome: FillOutcome) -> None:
        """Add an outcome."""
        self.scripts += 1
        self.processes += outcome.runs
        for name in ("changes", "streamed", "filled", "gaps", "fills", "again", "in_doubt"):
            setattr(self, name, getattr(self, name) + getattr(outcome.verdict, name))
        if not outcome.is_good:
            self.failed.append(outcome.script.seed)

    def __str__(self) -> str:
        failed = f"failed: {', '.join(map(str, self.failed))}" if self.failed else "none failed"
        return (
            f"{self.scripts} scripts, {self.processes} processes, {failed}\n"
            f"  {self.changes} changes of records; {self.streamed} handled from the stream, {self.filled} filled\n"
            f"  {self.gaps} gaps reported by replay; {self.fills} gaps filled, among them gap and overflow events\n"
            f"  {self.again} states handled again by a later process; {self.in_doubt} filled again in doubt"
        )


async def outcomes(seeds: Iterable[int], at_once: int = 4) -> AsyncIterator[FillOutcome]:
    """Run the scripts of seeds, a few at the same time, and yield the outcome of each as soon as it ends."""
    waiting, running = iter(seeds), set[asyncio.Task[FillOutcome]]()
    try:
        while True:
            while len(running) < at_once and (seed := next(waiting, None)) is not None:
                running.add(asyncio.create_task(run_script(random_script(seed))))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@click.command(epilog=_EPILOG)
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--scripts", type=click.IntRange(min=1), help="How many scripts to run at most.  [default: no limit]")
@click.option("--seed", type=int, help="The seed of the first script; each later one has the next.  [default: random]")
@click.option("--at-once", type=click.IntRange(min=1), default=4, show_default=True, help="Scripts at the same time.")
def backfill(minutes: float, scripts: int | None, seed: int | None, at_once: int) -> None:
    """Check that a backfill leaves no gap, whatever fails.

    Records of an emulated org change while their events are purged, come without fields or overflow, requests fail, and
    the consumer is killed. After each script the last state of every record must have been handled, never after a newer
    one, and never twice by one process.
    """
    first = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"Seeds from {first} on. Ctrl-C stops.")
    totals, until = FillTotals(), time.monotonic() + minutes * 60

    def seeds() -> Iterable[int]:
        for each in islice(count(first), scripts):
            if time.monotonic() >= until:
                return
            yield each

    async def run() -> None:
        async for outcome in outcomes(seeds(), at_once):
            totals.add(outcome)
            if not outcome.is_good:
                click.echo(str(outcome), err=True)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        click.echo(f"\n{totals}")
        raise click.exceptions.Exit(130) from None
    click.echo(str(totals))
    raise click.exceptions.Exit(1 if totals.failed else 0)
