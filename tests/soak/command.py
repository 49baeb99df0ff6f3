"""The command line of the soak test: its options, its progress lines and its exit codes."""

from __future__ import annotations

import asyncio
import secrets
import time
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.random_scripts import random_script
from tests.soak.runner import outcomes
from tests.soak.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.soak.script import Script

__all__ = ("scripts_from", "soak")

_PROGRESS_INTERVAL: Final = 10.0
"""Seconds between two lines of progress."""

_EPILOG: Final = """
\b
Examples:
  uv run python -m tests.soak --minutes 10
      Run random scripts for ten minutes, from a seed that is shown.
  uv run python -m tests.soak --seed 4711 --scripts 1 --keep failed
      Run one script again, and keep its files if it fails.

\b
Exit codes:
  0    Every script passed.
  1    A script failed: its seed and its steps are shown.
  130  Interrupted by Ctrl-C; the totals so far are shown.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="How long to run."
)
@click.option("--scripts", type=click.IntRange(min=1), help="How many scripts to run at most.  [default: no limit]")
@click.option("--seed", type=int, help="The seed of the first script; each later one has the next.  [default: random]")
@click.option("--at-once", type=click.IntRange(min=1), default=4, show_default=True, help="Scripts at the same time.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep journal, positions and log of each failed script here.",
)
def soak(minutes: float, scripts: int | None, seed: int | None, at_once: int, keep: Path | None) -> None:
    """Check that no event is lost, whatever fails.

    Runs random scripts on an emulated Salesforce org: lost and corrupt replies, moved sessions, revoked tokens, quotas,
    backlogs, purges, migrations. Meanwhile a consumer with a durable store is killed and restarted at random moments.
    After each script every published event must have been handled, in order, or its loss must have been reported as a
    gap.
    """
    first = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"Seeds from {first} on. Ctrl-C stops.")
    totals = Totals()
    try:
        asyncio.run(_soak(totals, scripts_from(first, scripts, minutes), at_once, keep))
    except KeyboardInterrupt:
        click.echo(f"\n{totals}")
        raise click.exceptions.Exit(130) from None
    click.echo(str(totals))
    raise click.exceptions.Exit(1 if totals.failed else 0)


def scripts_from(first: int, limit: int | None, minutes: float) -> Iterator[Script]:
    """Random scripts with rising seeds, until there are `limit` of them or the time is over.

    Args:
        first: The seed of the first script.
        limit: How many scripts at most; None means any number.
        minutes: How long to go on.
    """
    until = time.monotonic() + minutes * 60
    for seed in islice(count(first), limit):
        if time.monotonic() >= until:
            return
        yield random_script(seed, SalesforceEmulator.fault_kinds)


async def _soak(totals: Totals, scripts: Iterator[Script], at_once: int, keep: Path | None) -> None:
    last = time.monotonic()
    async for outcome in outcomes(scripts, at_once=at_once, keep=keep):
        totals.add(outcome)
        if not outcome.is_good:
            click.echo(str(outcome), err=True)
        if time.monotonic() - last >= _PROGRESS_INTERVAL:
            last = time.monotonic()
            click.echo(totals.line)
