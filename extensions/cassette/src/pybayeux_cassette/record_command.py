"""`pybayeux record`: the events of channels, with their timing, into a file.

Owns the options, and when a recording ends. What is written is decided in `recorder` and `redaction`.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pybayeux import ConnectionState, printable
from pybayeux.cli import EXIT_CODES, check_channels, clear_progress, first, run, server_options, show_progress
from pybayeux.errors import UsageError

from .lines import CassetteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import AsyncClient, Channel, Message
    from pybayeux.cli import Server

    from .recorder import Recorder

__all__ = ("record",)

_logger: Final = logging.getLogger("pybayeux.cassette")
_STEP: Final = 0.5
"""Seconds between two steps of the progress."""

_EPILOG: Final = f"""
\b
Examples:
  pybayeux record http://localhost:8080/cometd /orders '/chat/**' -o orders.jsonl
      Record until Ctrl-C.
  pybayeux record URL /orders -o night.jsonl --duration 28800
      Record for eight hours.
  pybayeux record URL /orders -o orders.jsonl --redact Email --redact customer.name --remove notes
      Replace addresses and names, the same ones always by the same, and leave notes out.
  pybayeux record -x replay.since=earliest URL /event/Order__e -o orders.jsonl --count 100
      Record what the server still has, too.
  pybayeux play orders.jsonl --serve --speed 10
      Play it back.
{EXIT_CODES}"""


@click.command(epilog=_EPILOG, short_help="Record the events of channels, without secrets, into a file.")
@server_options
@click.argument("channels", nargs=-1, required=True, metavar="CHANNEL...", callback=check_channels)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The file to write.",
)
@click.option(
    "--duration", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Exit after this time."
)
@click.option("-n", "--count", type=click.IntRange(min=1), metavar="N", help="Exit after this many events.")
@click.option(
    "--redact",
    multiple=True,
    metavar="PATH",
    help="Replace the texts and numbers of this member, equal ones by equal ones. May be given several times.",
)
@click.option("--remove", multiple=True, metavar="PATH", help="Leave this member out. May be given several times.")
@click.option(
    "--not-secret",
    multiple=True,
    metavar="PATH",
    help="Keep this member although its name sounds like that of a secret. May be given several times.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def record(
    server: Server,
    channels: Sequence[Channel],
    path: Path,
    duration: float | None,
    count: int | None,
    redact: Sequence[str],
    remove: Sequence[str],
    not_secret: Sequence[str],
    overwrite: bool,
) -> None:
    """Subscribe to channels or patterns (/chat/*, /chat/**) and write their events, with their timing, to a file.

    Secrets are left out: members whose names are those of secrets (token, password, apiKey, session and the like) have
    other values, and the client's own credentials are masked wherever they are. PATH names more members: Email is each
    one of that name, customer.Email those in a member customer, and * stands for any name.

    Each event is in the file as soon as it came, so an interrupted recording can be played. It only looks: positions
    are kept in memory, so the stored position of a consumer does not move.
    """
    from .recorder import Recorder
    from .redaction import Redaction

    try:
        redaction = Redaction(redact=redact, remove=remove, not_secret=not_secret)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if path.exists() and not overwrite:  # before anything is connected
        raise UsageError(f"{path} exists already; --overwrite replaces it")
    server.keep_positions_in_memory()
    recorder = Recorder(path, channels, redaction=redaction, overwrite=overwrite)
    run(_record(server, channels, recorder, duration, count))


async def _record(
    server: Server, channels: Sequence[Channel], recorder: Recorder, duration: float | None, count: int | None
) -> None:
    async with server.connected(recorder) as client:
        with recorder:
            recording = _Recording(channels, recorder, count)
            try:
                await asyncio.gather(*(client.subscribe(each, partial(recording.take, each)) for each in channels))
                _logger.info("recording %s to %s", ", ".join(channels), recorder.path)
                works = [recording.wait(), _ended(client), _show(recorder)]
                await first(works if duration is None else [*works, _wait(duration)])
            finally:
                recording.stop()
                clear_progress()
                _conclude(recorder)


class _Recording:
    """Writes the events of several subscriptions in the order in which they come, up to a count.

    Args:
        channels: The channels of the subscriptions.
        recorder: Writes them.
        count: How many, or None for any number.
    """

    def __init__(self, channels: Sequence[Channel], recorder: Recorder, count: int | None) -> None:
        self._channels: Final = channels
        self._recorder: Final = recorder
        self._count: Final = count
        self._done: Final = asyncio.get_running_loop().create_future()

    def take(self, subscribed: Channel, event: Message) -> None:
        """Write an event of one subscription. One that several patterns cover is written for the first of them."""
        covering = next((each for each in self._channels if each.match(event.channel)), subscribed)
        if self._done.done() or covering != subscribed:
            return
        try:
            self._recorder.write(event)
        except CassetteError as error:
            _logger.warning("left out: %s", error)
        except OSError as error:
            self._done.set_exception(error)
            return
        if self._recorder.events == self._count:
            self.stop()

    async def wait(self) -> None:
        """Wait until there are as many events as wanted. Raises what an event could not be written for."""
        await self._done

    def stop(self) -> None:
        """Write no further event."""
        if not self._done.done():
            self._done.set_result(None)


async def _ended(client: AsyncClient) -> None:
    """Wait for the end of the session, and raise what ended it."""
    await client.wait_for(ConnectionState.DISCONNECTED)
    await client.wait_for(ConnectionState.CONNECTED)


async def _wait(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _show(recorder: Recorder) -> None:
    """Show how far the recording is, on a terminal."""
    while True:
        show_progress(_figures(recorder))
        await asyncio.sleep(_STEP)


def _conclude(recorder: Recorder) -> None:
    """Log what was recorded, and which secrets were found."""
    _logger.info("recorded %s to %s", _figures(recorder), recorder.path)
    found = recorder.redaction.secrets
    if found:
        paths = ", ".join(f"{printable(path)} ({times})" for path, times in sorted(found.items()))
        _logger.info("replaced because of their names: %s", paths)


def _figures(recorder: Recorder) -> str:
    events = f"{recorder.events} event{'' if recorder.events == 1 else 's'}"
    return f"{events} in {recorder.seconds:.0f} s, {recorder.size:,} bytes"
