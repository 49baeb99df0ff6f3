"""`pybayeux serve`: a Bayeux server, or an emulated Salesforce org, in the terminal.

Owns the command's options. The server is `DevServer`. The org belongs to another distribution, which depends on this
one and offers itself through an entry point, so dependencies run one way: this package never imports the emulator.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import entry_points
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from ..options import Options
from ..protocol.channels import broadcast_channel
from .publishing import publish_until_stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..options import Json
    from ..server import DevServer

__all__ = ("serve",)

_ITEMS: Final = ("tea", "coffee", "milk")
_ORG_OPTIONS: Final = ("host", "port", "control", "streams", "rate", "salesforce", "time_scale", "api_version")

_EPILOG = """
\b
Examples:
  pybayeux serve
      A server with acknowledgement and replay. Open http://127.0.0.1:8080/ to watch it and to make it fail.
  pybayeux serve --stream /orders --rate 5
      Five events a second on /orders.
  pybayeux serve --transport websocket --transport long-polling
      Offer these two transports; clients prefer the first.
  pybayeux serve --token secret --auth-style http
      Require the header "Authorization: Bearer secret".
  pybayeux serve --salesforce --stream /event/Demo__e
      An emulated Salesforce org with a platform event every second. It shows the command that listens to it.
  pybayeux serve --salesforce --time-scale 60
      An org whose clock runs 60 times faster: tokens expire, servers change, old events are purged.
  curl -X POST localhost:8080/control/publish -d '{"channel": "/orders", "data": {"n": 1}}'
      Publish by hand.
  curl -X POST localhost:8080/control/faults/lose_replies -d '{"n": 1, "with_events": true}'
      Lose the next reply that carries events. An unknown fault lists all names.
\b
Exit codes:
  0    Stopped by Ctrl-C.
  1    It cannot listen on that address.
  2    Wrong usage.
"""


def _broadcast_channels(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(broadcast_channel(name)) for name in names)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(epilog=_EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address or name to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    metavar="PORT",
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--path", default="/cometd", show_default=True, metavar="PATH", help="Path of the Bayeux server.")
@click.option("--timeout", default=30.0, show_default=True, metavar="SECONDS", help="How long an idle connect is held.")
@click.option(
    "--interval", default=0.0, show_default=True, metavar="SECONDS", help="The advised wait between connects."
)
@click.option(
    "--max-interval",
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a session outlives its last request.",
)
@click.option(
    "--transport",
    "--connection-type",
    "connection_types",
    type=click.Choice(["websocket", "long-polling", "callback-polling"]),
    multiple=True,
    default=Options().connection_types,
    show_default=True,
    help="Offer this transport. May be given several times, the best first.",
)
@click.option(
    "--order",
    type=click.Choice(["events-first", "reply-first"]),
    default="events-first",
    show_default=True,
    help="Whether events or replies come first when they travel together: as with CometD, or as with Faye.",
)
@click.option(
    "--messages-per-frame",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Events that share a WebSocket frame.",
)
@click.option("--subprotocol", metavar="NAME", help="WebSocket subprotocol to agree to.  [default: none]")
@click.option("--deflate/--no-deflate", default=False, show_default=True, help="Compress WebSocket frames.")
@click.option(
    "--max-uri-length",
    type=click.IntRange(min=0),
    default=8192,
    show_default=True,
    metavar="BYTES",
    help="Longest URI of callback-polling.",
)
@click.option(
    "--guarded-scripts/--plain-scripts",
    default=False,
    show_default=True,
    help="Write the scripts of callback-polling as Faye or as CometD does.",
)
@click.option(
    "--greet",
    "greetings",
    multiple=True,
    metavar="CHANNEL",
    callback=_broadcast_channels,
    help="Send an event on this channel together with each handshake's reply. May be given several times.",
)
@click.option("--ack/--no-ack", default=True, show_default=True, help="Offer acknowledgement of events.")
@click.option("--replay/--no-replay", default=True, show_default=True, help="Keep a replay log.")
@click.option("--retention", default=10_000, show_default=True, metavar="N", help="Events that the log keeps.")
@click.option(
    "--token", "tokens", multiple=True, metavar="TOKEN", help="Accept this bearer token. May be given several times."
)
@click.option(
    "--auth-style",
    type=click.Choice(["bayeux", "http", "salesforce"]),
    default="bayeux",
    show_default=True,
    help="How a request without a valid token is refused.",
)
@click.option(
    "--control/--no-control", default=True, show_default=True, help="Offer the control interface and its page."
)
@click.option(
    "--stream",
    "streams",
    multiple=True,
    metavar="CHANNEL",
    callback=_broadcast_channels,
    help="Publish numbered events here. May be given several times.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Events a second on each --stream.",
)
@click.option(
    "--salesforce", is_flag=True, help="Run an emulated Salesforce org instead, with logins, replay and limits."
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="N",
    help="How many times faster the org's clock runs.",
)
@click.option(
    "--api-version", default="67.0", show_default=True, metavar="VERSION", help="The org's newest API version."
)
@click.pass_context
def serve(
    context: click.Context,
    /,
    streams: tuple[str, ...],
    rate: float,
    greetings: tuple[str, ...],
    salesforce: bool,
    time_scale: float,
    api_version: str,
    **options: Any,
) -> None:
    """Run a Bayeux server for demos and tests.

    It offers the chosen transports, acknowledges events, keeps a replay log, and fails on demand through its control
    interface. With --salesforce it is an emulated Salesforce org instead (package pybayeux-salesforce-emulator); only
    --host, --port, --control, --stream, --rate, --time-scale and --api-version apply then. Stop it with Ctrl-C.
    """
    _warn_if_others_can_control(options["host"], options["control"])
    if salesforce:
        _refuse_other_options(context)
        serve_org = _load_emulator()
        org_options = {"time_scale": time_scale, "version": api_version}
        _run(partial(serve_org, streams, rate, **_select(options, "host", "port", "control"), **org_options), options)
    else:
        _run(partial(_serve_bayeux, streams, rate, greetings, **options), options)


def _warn_if_others_can_control(host: str, control: bool) -> None:
    if control and not _is_loopback(host):
        text = f"warning: everyone who can reach {host} can use the control interface; --no-control leaves it out"
        click.secho(text, err=True, fg="yellow")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _select(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names}


def _load_emulator() -> Callable[..., Coroutine[Any, Any, None]]:
    """The function that serves an org, from the entry point `salesforce` in the group `pybayeux_devserver`."""
    for entry_point in entry_points(group="pybayeux_devserver", name="salesforce"):
        serve_org: Callable[..., Coroutine[Any, Any, None]] = entry_point.load()
        return serve_org
    raise click.ClickException(
        "--salesforce needs the package pybayeux-salesforce-emulator, which is not installed: "
        "pip install pybayeux-salesforce-emulator"
    )


def _refuse_other_options(context: click.Context) -> None:
    # An option without an effect would hide a mistake.
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name not in _ORG_OPTIONS:
            raise click.UsageError(f"{parameter.opts[0]} has no effect with --salesforce")


def _run(start: Callable[[], Coroutine[Any, Any, None]], options: dict[str, Any]) -> None:
    try:
        asyncio.run(start())
    except OSError as error:
        raise click.ClickException(f"cannot listen on {options['host']}:{options['port']}: {error}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo("Stopped.")


async def _serve_bayeux(streams: tuple[str, ...], rate: float, greetings: tuple[str, ...], **options: Any) -> None:
    from ..server import DevServer

    if greetings:
        options |= {"deliver_with_handshake": True, "on_handshake": partial(_greeting, greetings)}
    server = DevServer(**options)
    async with server, publish_until_stopped(partial(_publish, server), streams, rate) as stopped:
        click.echo(f"Bayeux server at {server.url} (Ctrl-C stops it)")
        if server.page_url is not None:
            click.echo(f"Sessions, messages and faults at {server.page_url}")
        await stopped.wait()


def _greeting(channels: tuple[str, ...], _handshake: Json) -> list[Json]:
    now = datetime.now(UTC).isoformat()
    return [{"channel": channel, "data": {"greeting": True, "time": now}} for channel in channels]


async def _publish(server: DevServer, channel: str, number: int) -> None:
    item = _ITEMS[(number - 1) % len(_ITEMS)]
    await server.publish(channel, {"number": number, "item": item, "time": datetime.now(UTC).isoformat()})
