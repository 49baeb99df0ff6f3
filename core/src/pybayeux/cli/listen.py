"""`pybayeux listen`: the events of channels, on standard output.

Owns when an event counts as handled: once it is written. How it is written is decided in `output`.
"""

from __future__ import annotations

import asyncio
import logging
from math import inf
from typing import TYPE_CHECKING, Any, Final

import click

from ..extensions.listing import list_extensions
from ..extensions.wanted import refuse_unknown_only
from .channels import check_channels, check_since
from .failures import EXIT_CODES, WrongUsage
from .options import server_options, service_options
from .output import Output
from .pipes import reader_gone
from .running import first, run, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..channel import Channel
    from ..message import Message
    from ..subscription import Subscription
    from .arguments import CliOptions
    from .server import Server

__all__ = ("listen",)

_logger: Final = logging.getLogger("pybayeux.cli")
_BATCH_SIZE: Final = 1000
_LAST_WRITE: Final = 1.0
"""Seconds that a write under way has to end once a signal has come: what it wrote would come again otherwise."""

_EPILOG: Final = f"""
\b
Examples:
  pybayeux listen http://localhost:8080/cometd /orders '/chat/**'
      Write everything that is published there from now on.
  pybayeux listen --count 1 URL /orders | jq .data
      Write the data of the next event.
  pybayeux listen --since earliest URL /orders
      Write every event that the server still has, then new ones.
  pybayeux listen -x replay.store=sqlite:///positions.db URL /orders >> orders.jsonl
      Go on where the last run ended. An event is handled once it is written.
  PYBAYEUX_AUTH_TOKEN=... pybayeux listen URL /orders
      Use a token that does not appear in the list of processes, as one given with -x would.
  pybayeux listen -H 'X-Tenant: acme' -p no:ack URL /orders
      Send a header, and leave out one of the installed extensions.
  pybayeux listen --health-port 8081 --log-format json URL /orders
      Run under a supervisor, which asks http://127.0.0.1:8081/live and /ready.
{EXIT_CODES}"""


@click.command(epilog=_EPILOG, short_help="Write the events of channels to standard output.")
@server_options
@service_options
@click.argument("channels", nargs=-1, required=True, metavar="CHANNEL...", callback=check_channels)
@click.option("-n", "--count", type=click.IntRange(min=1), metavar="N", help="Exit after this many events.")
@click.option(
    "--since",
    callback=check_since,
    metavar="latest|earliest|ID",
    help="Where to start on channels without a stored position (needs the extension 'replay').",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON lines on a terminal too.")
def listen(
    server: Server, channels: Sequence[Channel], count: int | None, since: str | int | None, as_json: bool
) -> None:
    """Subscribe to channels or patterns (/chat/*, /chat/**) and write each event to standard output.

    On a terminal, an event is shown as time, channel and data. Otherwise it is a line of JSON with the members of the
    message as the server sent them. Changes of the connection are reported on standard error. A lost connection is
    opened again.
    """
    if since is not None:
        _need_replay(server.cli_options)
        server.cli_options.set("replay", "since", since)
    run(_listen(server, channels, count, as_json), server.grace)


def _need_replay(cli_options: CliOptions) -> None:
    """Check that the extension is active: without it, the option would have no effect.

    Raises:
        WrongUsage: The extension is not installed, or not active.
        UsageError: One of the only extensions to use is not installed.
    """
    installed = list_extensions(cli_options.options(), disabled=cli_options.disabled)
    refuse_unknown_only()  # replay may be the one that is mistyped
    replay = next((each for each in installed if each.name == "replay"), None)
    if replay is None:
        why = "is not installed: pip install pybayeux-replay"
    elif replay.state != "active":
        why = f"is {': '.join(dict.fromkeys((replay.state, replay.reason)))}"
    else:
        return
    raise WrongUsage(cli_options.redact(f"--since needs the extension 'replay', which {why}"))


async def _listen(server: Server, channels: Sequence[Channel], count: int | None, as_json: bool) -> None:
    async with server.connected() as client:
        output = Output(as_json=as_json)
        subscriptions = await asyncio.gather(*(client.subscribe(channel) for channel in channels))
        _logger.info("listening to %s", ", ".join(channels))
        copying = _Copier(channels, count, output)
        await first([*map(copying.copy, subscriptions), reader_gone(output.descriptor)])


class _Copier:
    """Copies the events of several subscriptions to one output, up to a count."""

    def __init__(self, channels: Sequence[Channel], count: int | None, output: Output) -> None:
        self._channels: Final = channels
        self._output: Final = output
        self._left = inf if count is None else count
        self._turn: Final = asyncio.Lock()

    async def copy(self, subscription: Subscription) -> None:
        """Write the events of one subscription; each is handled once it is written."""
        while events := await subscription.take(_BATCH_SIZE):
            async with self._turn:
                shown, used = self._cut(events, subscription.channel)
                await uninterrupted(self._write(shown, used, subscription), _LAST_WRITE)
                self._left -= len(shown)
                if not self._left:
                    return

    async def _write(self, shown: Sequence[Message], used: int, subscription: Subscription) -> None:
        await self._output.write(shown)
        await subscription.finish(used)

    def _cut(self, events: Sequence[Message], channel: str) -> tuple[list[Message], int]:
        """The events to write, and how many of the given ones are handled once these are written."""
        shown: list[Message] = []
        for used, event in enumerate(events):
            if len(shown) == self._left:
                return shown, used
            if self._is_from(channel, event):
                shown.append(event)
        return shown, len(events)

    def _is_from(self, channel: str, event: Message) -> bool:
        """An event that several patterns cover is shown once, for the first of them."""
        covering: Any = next((each for each in self._channels if each.match(event.channel)), channel)
        return bool(covering == channel)
