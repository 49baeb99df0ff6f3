"""`pybayeux serve`: a Bayeux server in the terminal.

Owns the command's options and its life. The server itself is `DevServer`.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import click

from pybayeux_devserver.channels import broadcast_channel
from pybayeux_devserver.options import Options

if TYPE_CHECKING:
    from pybayeux_devserver.options import Json
    from pybayeux_devserver.server import DevServer

__all__ = ("serve",)

_EPILOG = """
\b
Examples:
  pybayeux serve
      A server with acknowledgement and replay.
  pybayeux serve --stream /orders --rate 5
      Five events a second on /orders.
  pybayeux serve --connection-type websocket --connection-type long-polling
      Clients may choose between these two, and prefer the first.
  pybayeux serve --token secret --auth-style http
      Clients have to send "Authorization: Bearer secret".
  curl -X POST localhost:8080/control/publish -d '{"channel": "/orders", "data": {"n": 1}}'
      Publish by hand.
  curl -X POST localhost:8080/control/faults/lose_replies -d '{"n": 1, "with_events": true}'
      Lose the next reply that carries events. Other faults have names of their own; a wrong one lists them.
"""


def _broadcast_channels(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(broadcast_channel(name)) for name in names)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(epilog=_EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address or name to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--path", default="/cometd", show_default=True, help="Path of the Bayeux server.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds that an idle connect is held.")
@click.option("--interval", default=0.0, show_default=True, help="Seconds between connects, as advised.")
@click.option(
    "--max-interval", default=10.0, show_default=True, help="Seconds that a session outlives its last request."
)
@click.option(
    "--connection-type",
    "connection_types",
    type=click.Choice(["websocket", "long-polling", "callback-polling"]),
    multiple=True,
    default=Options().connection_types,
    show_default=True,
    help="Transport to offer; may be given several times, the best first.",
)
@click.option(
    "--order",
    type=click.Choice(["events-first", "reply-first"]),
    default="events-first",
    show_default=True,
    help="What comes first where both come together: events as with CometD, or the reply as with Faye.",
)
@click.option(
    "--messages-per-frame",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Events that share a WebSocket frame.",
)
@click.option("--subprotocol", help="WebSocket subprotocol to agree to.  [default: none]")
@click.option("--deflate/--no-deflate", default=False, show_default=True, help="Compress WebSocket frames.")
@click.option(
    "--max-uri-length",
    type=click.IntRange(min=0),
    default=8192,
    show_default=True,
    help="Longest URI of callback-polling, in bytes.",
)
@click.option(
    "--guarded-scripts/--plain-scripts",
    default=False,
    show_default=True,
    help="Write the scripts of callback-polling as Faye does, or as CometD does.",
)
@click.option(
    "--greet",
    "greetings",
    multiple=True,
    metavar="CHANNEL",
    callback=_broadcast_channels,
    help="Send an event on this channel together with each handshake's reply; may be given several times.",
)
@click.option("--ack/--no-ack", default=True, show_default=True, help="Offer acknowledgement of events.")
@click.option("--replay/--no-replay", default=True, show_default=True, help="Keep a log to replay from.")
@click.option("--retention", default=10_000, show_default=True, help="Events that the log keeps.")
@click.option("--token", "tokens", multiple=True, help="Bearer token to accept; may be given several times.")
@click.option(
    "--auth-style",
    type=click.Choice(["bayeux", "http", "salesforce"]),
    default="bayeux",
    show_default=True,
    help="How a request without a valid token is refused.",
)
@click.option("--control/--no-control", default=True, show_default=True, help="Offer the control interface.")
@click.option(
    "--stream",
    "streams",
    multiple=True,
    metavar="CHANNEL",
    callback=_broadcast_channels,
    help="Publish numbered events here; may be given several times.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Events a second on each --stream.",
)
def serve(streams: tuple[str, ...], rate: float, greetings: tuple[str, ...], **options: Any) -> None:
    """Run a Bayeux server for demos and tests.

    It speaks the transports that are chosen, acknowledges events, keeps a log to replay from, and fails on demand
    through its control interface. Stop it with Ctrl-C.
    """
    from pybayeux_devserver.server import DevServer

    if greetings:
        options |= {"deliver_with_handshake": True, "on_handshake": partial(_greeting, greetings)}
    try:
        asyncio.run(_serve(DevServer(**options), streams, rate))
    except OSError as error:
        raise click.ClickException(f"cannot listen on {options['host']}:{options['port']}: {error}") from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Stopped.")


def _greeting(channels: tuple[str, ...], _handshake: Json) -> list[Json]:
    now = datetime.now(UTC).isoformat()
    return [{"channel": channel, "data": {"greeting": True, "time": now}} for channel in channels]


async def _serve(server: DevServer, streams: tuple[str, ...], rate: float) -> None:
    stopped = _stop_signal()
    async with server, asyncio.TaskGroup() as publishing:
        click.echo(f"Bayeux server at {server.url} (Ctrl-C stops it)")
        tasks = [publishing.create_task(_stream(server, channel, rate)) for channel in streams]
        await stopped.wait()
        for task in tasks:
            task.cancel()


async def _stream(server: DevServer, channel: str, rate: float) -> None:
    for number in count(1):
        await server.publish(channel, {"number": number, "time": datetime.now(UTC).isoformat()})
        await asyncio.sleep(1 / rate)


def _stop_signal() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM; without signal handlers in the loop, Ctrl-C cancels the task instead."""
    stopped = asyncio.Event()
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
