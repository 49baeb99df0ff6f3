"""The command `pybayeux watch`: its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from ..channels import check_channels
from ..failures import EXIT_CODES
from ..options import server_options
from ..running import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...channel import Channel
    from ..server import Server

__all__ = ("watch",)

_EPILOG: Final = f"""
\b
Examples:
  pybayeux watch http://localhost:8080/cometd /orders '/chat/**'
      Watch a client that subscribes to these channels. Ctrl-C ends it.
  pybayeux watch --once --json URL /orders | jq .lag
      One snapshot, after the first event or five seconds.
  pybayeux watch --interval 60 URL /orders >> watch.log
      A line every minute.
  pybayeux watch -p no:ack --transport long-polling URL /orders
      See what another transport, or the lack of an extension, changes.
{EXIT_CODES}"""


@click.command(epilog=_EPILOG, short_help="Watch a client: its connection, its events, its extensions.")
@server_options
@click.argument("channels", nargs=-1, required=True, metavar="CHANNEL...", callback=check_channels)
@click.option("--once", is_flag=True, help="Show one snapshot and exit: after the first event, or after --wait.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long --once waits for an event.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Time from one snapshot to the next.",
)
@click.option("--json", "as_json", is_flag=True, help="Write each snapshot as a line of JSON.")
def watch(server: Server, channels: Sequence[Channel], once: bool, wait: float, interval: float, as_json: bool) -> None:
    """Subscribe to channels or patterns (/chat/*, /chat/**), and show how the client does.

    It shows the state and the transport, events a second, their lag (from the time in an event to its arrival), their
    positions, reconnects and failures, the last events, and what each extension costs and changes. On a terminal it is
    a view that is drawn again and again; otherwise a line for each snapshot.

    It only looks: positions are kept in memory, so the stored position of a consumer does not move.
    """
    server.keep_positions_in_memory()
    from .display import Display  # what only this command needs

    run(Display(server, channels, once=once, wait=wait, interval=interval, as_json=as_json).run())
