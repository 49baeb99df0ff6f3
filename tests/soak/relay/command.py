"""The command line of the proof: its options, its progress, its table and its exit codes."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tests.servers.build import MissingTool
from tests.soak.relay.engines import DATABASES
from tests.soak.relay.faults import FAULTS
from tests.soak.relay.report import as_json, means, table
from tests.soak.relay.run import Plan, run_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.relay.run import Outcome

__all__ = ("relay_proof", "write_section")

_PAGE: Final = Path(__file__).parents[3] / "docs" / "scaling.md"
_SECTION: Final = re.compile("(<!-- relay-proof: .*? -->\n).*?(<!-- /relay-proof -->)", re.DOTALL)
_PROGRESS_INTERVAL: Final = 10.0

_EPILOG: Final = """
\b
Examples:
  uv run python -m tests.soak.relay
      The full proof: 100,000 events into each target, in five minutes each.
  uv run python -m tests.soak.relay --target redis --events 5000 --minutes 1 --seed 17
      A shorter one, with the faults of a seed.

\b
Exit codes:
  0    Each target has each event exactly once, in order per channel.
  1    One has not, or a replica ended by itself: what the replicas said is shown;
       or a database is not installed.
  130  Interrupted by Ctrl-C; the table of the targets so far is shown.
"""


@click.command(epilog=_EPILOG)
@click.option("--target", "targets", multiple=True, type=click.Choice(tuple(DATABASES)), help="Once for each target.")
@click.option("--events", type=click.IntRange(min=1), default=100_000, show_default=True, help="How many, per target.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=5.0, show_default=True, help="For that many."
)
@click.option("--seed", type=int, help="Determines the order of the faults and their lengths.  [default: random]")
@click.option("--lease", type=click.FloatRange(min=0.5), default=3.0, show_default=True, help="Of the replicas.")
@click.option("--fault", "faults", multiple=True, type=click.Choice(tuple(FAULTS)), help="Only these.  [default: all]")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too.")
@click.option("--table", "writes", is_flag=True, help="Write the table into docs/scaling.md, too.")
def relay_proof(
    targets: tuple[str, ...],
    events: int,
    minutes: float,
    seed: int | None,
    lease: float,
    faults: tuple[str, ...],
    file: Path | None,
    writes: bool,
) -> None:
    """Check that a relay neither loses nor repeats an event, whatever fails.

    Three replicas with a lease write the events of a server into a database, while replicas are killed, stopped and cut
    off, the clock of one is an hour off, and the database is restarted, is full or refuses to write. In the end the
    database must have each event exactly once, in order per channel.
    """
    first = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"Seed {first}. {means()} Ctrl-C stops.")
    is_interrupted = False
    outcomes: list[Outcome] = []
    try:
        for target in targets or tuple(DATABASES):
            plan = Plan(target, events, minutes, first, lease, faults or tuple(FAULTS))
            outcomes.append(run_proof(plan, _Progress(target)))
            if file is not None:
                file.write_text(json.dumps(_figures(outcomes), indent=2) + "\n")
            if not outcomes[-1].is_good:
                click.echo("\n".join([outcomes[-1].stalled, *outcomes[-1].died, outcomes[-1].log]), err=True)
    except MissingTool as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        is_interrupted = True
    text = table(outcomes)
    click.echo(f"\n{text}")
    if is_interrupted:
        raise click.exceptions.Exit(130)
    if writes:
        write_section(_PAGE, f"{means()} Leases of {lease:g} s, seed {first}.\n\n{text}")
    raise click.exceptions.Exit(0 if all(each.is_good for each in outcomes) else 1)


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"load": os.getloadavg()[0], "means": means(), "runs": [as_json(each) for each in outcomes]}


def write_section(page: Path, text: str) -> None:
    """Put the table in its place in a page.

    Raises:
        ClickException: The page has no place for it.
    """
    written, count = _SECTION.subn(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page.read_text())
    if count != 1:
        raise click.ClickException(f"{page}: expected one section <!-- relay-proof: ... --> <!-- /relay-proof -->")
    page.write_text(written)


class _Progress:
    """Shows a line every few seconds."""

    def __init__(self, target: str) -> None:
        self._target: Final = target
        self._shown = 0.0

    def __call__(self, line: str) -> None:
        if time.monotonic() - self._shown >= _PROGRESS_INTERVAL:
            self._shown = time.monotonic()
            click.echo(f"{self._target}: {line}")
