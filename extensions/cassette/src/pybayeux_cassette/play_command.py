"""`pybayeux play`: the events of a cassette, published again.

Owns the options, and which target they mean.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux.cli import EXIT_CODES, Failure, clear_progress, run, server_options, show_progress
from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pybayeux.cli import Server

    from .playing import Publish, Target
    from .reading import Cassette

__all__ = ("is_loopback", "play")

_logger: Final = logging.getLogger("pybayeux.cassette")
_YEAR: Final = 365 * 24 * 3600.0
_SETTLE: Final = 0.2
"""Seconds from the first subscription to the first event: a client may need several requests for its channels."""
_STEPS: Final = 100
"""Events between two steps of the progress, where they are played at once."""

_EPILOG: Final = f"""
\b
Examples:
  pybayeux play orders.jsonl --serve
      Run a server, and play when the first client subscribes.
  pybayeux play orders.jsonl --serve --speed 60 --loop --incidents
      An hour in a minute, again and again, with the connection lost where it was lost.
  pybayeux play orders.jsonl --serve --salesforce
      Play events of Salesforce's on an emulated org.
  pybayeux play orders.jsonl --to http://localhost:8080/control --at-once
      Play on a server that pybayeux serve runs, through its control interface.
  pybayeux play orders.jsonl --to http://localhost:8080/cometd
      Publish the events on any Bayeux server, as a client.
{EXIT_CODES}"""


@click.command(epilog=_EPILOG, short_help="Play a recorded stream on a server.")
@partial(
    server_options,
    address=click.option(
        "--to",
        "url",
        metavar="TARGET",
        help="The URL of a Bayeux server, or of the control interface of pybayeux serve: .../control.",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--serve", is_flag=True, help="Run a server, and play when a client subscribes. Ctrl-C stops it.")
@click.option("--salesforce", is_flag=True, help="With --serve: an emulated Salesforce org.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address or name to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    metavar="PORT",
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="How many times faster than it was recorded.",
)
@click.option("--at-once", is_flag=True, help="Play all events without a pause.")
@click.option("--loop", is_flag=True, help="Begin again at the end, until Ctrl-C.")
@click.option("--incidents", is_flag=True, help="Lose the connection and the session where they were lost.")
@click.option("--keep-ids", is_flag=True, help="Keep the recorded replay ids (not on an emulated org).")
def play(
    server: Server | None,
    file: Path,
    serve: bool,
    salesforce: bool,
    host: str,
    port: int,
    speed: float,
    at_once: bool,
    loop: bool,
    incidents: bool,
    keep_ids: bool,
) -> None:
    """Publish the events of FILE, which pybayeux record wrote, with the pauses between them.

    --serve runs a server for it, --to plays on one that runs. Through a control interface and with --serve, incidents
    are played, too, and replay ids can be kept; with --to and a Bayeux server, events are published as a client's.

    On an emulated org, platform events, PushTopics and changes keep their payloads and get new replay ids.
    """
    from .reading import read_cassette

    if serve == (server is not None):
        raise UsageError("expected either --serve or --to TARGET")
    if salesforce and not serve:
        raise UsageError("--salesforce has no effect without --serve")
    if keep_ids and loop:
        raise UsageError("--keep-ids and --loop exclude each other: replay ids only rise")
    cassette, pace = read_cassette(file), None if at_once else speed
    playing = _Playing(cassette, pace, loop=loop, incidents=incidents)
    if server is None:
        run(_serve(playing, salesforce=salesforce, keep_ids=keep_ids, host=host, port=port))
    else:
        run(_play_to(playing, server, keep_ids=keep_ids, incidents=incidents))


class _Playing:
    """The playback, to whichever target.

    Args:
        cassette: The cassette.
        speed: How many times faster, or None for at once.
        loop: Whether it begins again at its end.
        incidents: Whether incidents are played.

    Raises:
        CassetteError: A line is damaged.
        UsageError: There are no events.
    """

    def __init__(self, cassette: Cassette, speed: float | None, *, loop: bool, incidents: bool) -> None:
        self.cassette: Final = cassette
        self._speed: Final = speed
        self._total: Final = cassette.measure()[0]  # damage is found before anything is played
        if not self._total:
            raise UsageError(f"{cassette.path} has no events")
        self._loop: Final = loop
        self._incidents: Final = incidents
        self._shown: Final = _STEPS if speed is None else 1

    async def run(self, target: Target | Publish) -> None:
        """Play once, or until the end of the program."""
        from .playing import play

        for round_ in count(1):
            show = partial(self._show, round_)
            try:
                played = await play(self.cassette, target, speed=self._speed, incidents=self._incidents, on_event=show)
            finally:
                clear_progress()
            _logger.info("played %d event%s of %s", played, "" if played == 1 else "s", self.cassette.path)
            if not self._loop:
                return

    def _show(self, round_: int, played: int) -> None:
        if played % self._shown == 0:
            show_progress(f"{played} of {self._total} events" + (f", round {round_}" if self._loop else ""))


async def _play_to(playing: _Playing, server: Server, *, keep_ids: bool, incidents: bool) -> None:
    if server.url.rstrip("/").endswith("/control"):
        async with _controlled(server.url, keep_ids=keep_ids) as target:
            await playing.run(target)
        return
    if keep_ids or incidents:
        option = "--keep-ids" if keep_ids else "--incidents"
        raise UsageError(f"{option} needs --serve, or the control interface of pybayeux serve: --to .../control")
    async with server.connected() as client:
        await playing.run(client.publish)


@asynccontextmanager
async def _controlled(url: str, *, keep_ids: bool) -> AsyncIterator[Target]:
    from .actions import ControlInterface
    from .salesforce import OrgTarget
    from .targets import DevServerTarget

    async with ControlInterface(url) as control:
        if not await control.is_org():
            yield DevServerTarget(control, keep_ids=keep_ids)
        elif keep_ids:
            raise UsageError("an org gives replay ids of its own: they can be kept on a development server alone")
        else:
            yield OrgTarget(control)


async def _serve(playing: _Playing, *, salesforce: bool, keep_ids: bool, host: str, port: int) -> None:
    from .servers import new_dev_server, new_org, target_of

    new: Callable[..., Any] = new_org if salesforce else new_dev_server
    server: Any = new(host=host, port=port, control=is_loopback(host))  # others must not control it
    target = target_of(server, salesforce=salesforce, keep_ids=keep_ids)
    async with AsyncExitStack() as running:
        try:
            await running.enter_async_context(server)
        except OSError as error:
            raise Failure(f"cannot listen on {host}:{port}: {error}") from error
        await target.prepare(playing.cassette)
        click.echo(_greeting(server, salesforce=salesforce, channels=shlex.join(playing.cassette.header.channels)))
        await server.recorder.received("/meta/subscribe")
        await asyncio.sleep(_SETTLE)
        await playing.run(target)
        _logger.info("the server goes on; Ctrl-C stops it")
        await asyncio.Event().wait()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _greeting(server: Any, *, salesforce: bool, channels: str) -> str:
    what, listen = f"Bayeux server at {server.url}", f"pybayeux listen {server.url} {channels}"
    if salesforce:
        what = f"Salesforce org at {server.url}"
        token = server.issue_token(lifetime=_YEAR)
        listen = f"PYBAYEUX_AUTH_TOKEN='{token}' pybayeux listen {server.endpoint} {channels}"
    return f"{what} (Ctrl-C stops it). It plays when a client subscribes:\n\n  {listen}\n"
