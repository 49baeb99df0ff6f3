"""Measures the throughput of a relay per target: ``python -m benchmarks.relay``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from benchmarks.relay.bare import BARE
from benchmarks.relay.measure import measure
from tests.servers.build import MissingTool

if TYPE_CHECKING:
    from benchmarks.relay.measure import Cost

__all__ = ("relay",)


@click.command()
@click.option(
    "--target", "targets", multiple=True, type=click.Choice(tuple(BARE)), help="Once for each.  [default: all]"
)
@click.option("--events", type=click.IntRange(min=1), default=20_000, show_default=True, help="How many events.")
@click.option("--batch", type=click.IntRange(min=1), default=500, show_default=True, help="Events in a transaction.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="The medians are shown.")
def relay(targets: tuple[str, ...], events: int, batch: int, rounds: int) -> None:
    """Write events into each target: by a bare bulk insert, in the transactions of a relay, and by a whole relay.

    The ratios say how much of the throughput of the bare insert is left. The processor time is that of this process:
    the server and the database have their own.
    """
    click.echo(
        f"{events:,} events, {batch} in a transaction, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )
    click.echo("| | events a second | ratio | processor, microseconds an event | ratio |")
    click.echo("|---|---|---|---|---|")
    for target in targets or tuple(BARE):
        try:
            figures = measure(target, events, batch, rounds)
        except MissingTool as error:
            raise click.ClickException(str(error)) from error
        bare = figures.bare
        _show(f"{target}: bare insert", bare, bare, events)
        _show(f"{target}: transactions with position", figures.transactions, bare, events)
        _show(f"{target}: relay, from the server on", figures.relay, bare, events)


def _show(name: str, cost: Cost, bare: Cost, events: int) -> None:
    ratios = bare.seconds / cost.seconds, bare.processor / cost.processor
    rate, work = events / cost.seconds, cost.processor / events * 1e6
    click.echo(f"| {name} | {rate:,.0f} | {ratios[0]:.2f} | {work:.0f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    relay(prog_name="python -m benchmarks.relay")
