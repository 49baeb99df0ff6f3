"""The command line of the long run: its options, its progress lines, its report and its exit codes."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tests.servers.build import BuildError, MissingTool
from tests.soak.longrun.emulated_org import run_org
from tests.soak.longrun.real_servers import run_cometd, run_faye
from tests.soak.longrun.run import MEMORY_MARGIN, LongRun, NotRecovered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.soak.longrun.arrivals import Arrivals
    from tests.soak.longrun.run import Outcome
    from tests.soak.longrun.target import TargetFactory
    from tests.support.inventory import Inventory

__all__ = ("longrun", "report")

_SERVERS: Final[Mapping[str, TargetFactory]] = {"cometd": run_cometd, "faye": run_faye, "emulator": run_org}
_PROGRESS_INTERVAL: Final = 30.0
"""Seconds between two lines of progress."""

_EPILOG: Final = f"""
\b
Examples:
  uv run python -m tests.soak.longrun --server cometd --minutes 10
      Ten minutes with CometD's Java server, over both transports at once.
  uv run python -m tests.soak.longrun --server emulator --minutes 1 --seed 7
      One minute with the emulated Salesforce org, and other faults.

\b
Exit codes:
  0    Nothing has grown; with the emulator, every event was handled once.
  1    Tasks, threads, sockets, descriptors or our objects have grown, or the
       memory by more than {MEMORY_MARGIN >> 20} MiB; a client did not recover within a minute;
       or a program that the server needs is missing.
  130  Interrupted by Ctrl-C.
"""


@click.command(epilog=_EPILOG)
@click.option("--server", type=click.Choice(tuple(_SERVERS)), required=True, help="What to connect to.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long, after each fault has happened once.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed has other faults.")
@click.option(
    "--interval", type=click.FloatRange(min=0), default=2.0, show_default=True, help="Seconds to the next fault."
)
def longrun(server: str, minutes: float, seed: int, interval: float) -> None:
    """Check that a client which stays open leaves nothing behind, whatever fails.

    Connects clients to a server and publishes twenty events a second. Every few seconds something fails. At the end the
    process must hold what it held at the beginning: memory, tasks, threads, sockets, descriptors and objects.
    """
    logging.getLogger("pybayeux").setLevel(logging.CRITICAL)  # the faults are wanted
    try:
        with tempfile.TemporaryDirectory(prefix="pybayeux-") as folder, _SERVERS[server](Path(folder)) as target:
            began = time.monotonic()
            run = LongRun(target, seed=seed, interval=interval, on_progress=_progress(began))
            outcome = asyncio.run(run.run(minutes * 60))
    except (MissingTool, BuildError, NotRecovered) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None
    click.echo(report(server, time.monotonic() - began, outcome))
    raise click.exceptions.Exit(1 if outcome.problems else 0)


def _progress(began: float) -> Callable[[str, float], None]:
    shown = [began]
    count = [0]

    def show(fault: str, seconds: float) -> None:
        count[0] += 1
        if time.monotonic() - shown[0] >= _PROGRESS_INTERVAL:
            shown[0] = time.monotonic()
            click.echo(f"{shown[0] - began:6.0f} s  {count[0]} faults, the last: {fault}, back in {seconds:.1f} s")

    return show


def report(server: str, seconds: float, outcome: Outcome) -> str:
    """The report of a run, with the figures of the beginning and of the end."""
    slowest, fault = outcome.slowest
    faults = f"{server}: {seconds:.0f} s, {outcome.faults} faults of {len(outcome.recoveries)} kinds"
    lines = [
        f"{faults}, back in {outcome.typical:.1f} s (median), {slowest:.1f} s (slowest: {fault})",
        *(_events(name, each, outcome.published) for name, each in outcome.arrivals.items()),
        f"  {'':<22}{'memory':>10}{'tasks':>8}{'threads':>9}{'sockets':>9}{'descriptors':>13}{'objects':>9}",
        _row("before the clients", outcome.before),
        _row("connected, first", outcome.first),
        _row("connected, last", outcome.last),
        _row("after the clients", outcome.closed),
        *(f"  {problem}" for problem in outcome.problems),
    ]
    return "\n".join(lines)


def _events(name: str, arrivals: Arrivals, published: int) -> str:
    return (
        f"  {name}: {arrivals.handled} of {published} events handled, {arrivals.twice} twice, "
        f"{arrivals.disordered} out of order"
    )


def _row(name: str, inventory: Inventory | None) -> str:
    assert inventory is not None, "the run has ended"
    memory = f"{inventory.memory / 2**20:.1f} MiB"
    return (
        f"  {name:<22}{memory:>10}{inventory.tasks:>8}{inventory.threads:>9}{inventory.sockets:>9}"
        f"{inventory.descriptors:>13}{inventory.objects.total():>9}"
    )
