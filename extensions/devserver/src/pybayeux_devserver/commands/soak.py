"""`pybayeux-devserver soak`: random faults and crashes for as long as you like, and the count of what was promised.

Owns the command's options, what it shows and its exit codes. What happens is in the package `soak`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..soak.script import Script
    from ..soak.tally import SoakTally

__all__ = ("soak",)

_EVERY: Final = 10.0
"""Seconds between two lines of progress."""

_EPILOG: Final = """
\b
Examples:
  pybayeux-devserver soak --minutes 10
      Ten minutes of scripts, from a seed that is shown.
  pybayeux-devserver soak --seed 4711 --scripts 1 --keep failed
      One script again, and its files if it fails.

\b
Exit codes:
  0    Every promise was kept.
  1    One was not: the seed and its script are shown.
  130  Interrupted by Ctrl-C; the count so far is shown.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="How long to go on."
)
@click.option("--scripts", type=click.IntRange(min=1), help="How many scripts to play at most.  [default: any number]")
@click.option("--seed", type=int, help="The seed of the first script; each later one has the next.  [default: random]")
@click.option("--at-once", type=click.IntRange(min=1), default=4, show_default=True, help="Scripts at the same time.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep journal, positions and log of each script that fails here.",
)
def soak(minutes: float, scripts: int | None, seed: int | None, at_once: int, keep: Path | None) -> None:
    """Prove that no event is lost, whatever goes wrong.

    Plays random scripts on an emulated Salesforce org: lost and corrupt answers, moved sessions, dead tokens, quotas,
    purges, migrations, while a consumer with a durable store is killed and started again at random moments. After each
    script every event that was published must have been handled, in order, or its loss declared as a gap.
    """
    from ..soak.tally import SoakTally

    if find_spec("pybayeux_salesforce") is None:
        raise click.ClickException("the consumer needs pybayeux-salesforce: pip install 'pybayeux-devserver[soak]'")
    first = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"Seeds from {first} on. Ctrl-C ends it.")
    tally = SoakTally()
    try:
        asyncio.run(_soak(tally, scripts_from(first, scripts, minutes), at_once, keep))
    except KeyboardInterrupt:
        click.echo(f"\n{tally}")
        raise click.exceptions.Exit(130) from None
    click.echo(str(tally))
    raise click.exceptions.Exit(1 if tally.failed else 0)


def scripts_from(first: int, most: int | None, minutes: float) -> Iterator[Script]:
    """Scripts from a seed on, so many at most, until the time is over."""
    from ..salesforce import SalesforceEmulator
    from ..soak.random_scripts import random_script

    until = time.monotonic() + minutes * 60
    for seed in islice(count(first), most):
        if time.monotonic() >= until:
            return
        yield random_script(seed, SalesforceEmulator.fault_kinds)


async def _soak(tally: SoakTally, scripts: Iterator[Script], at_once: int, keep: Path | None) -> None:
    from ..soak.run import outcomes

    last = time.monotonic()
    async for outcome in outcomes(scripts, at_once=at_once, keep=keep):
        tally.add(outcome)
        if not outcome.is_good:
            click.echo(str(outcome), err=True)
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            click.echo(tally.line)
