"""`pybayeux relay`: the events of channels, into a database, a broker, or standard output.

Owns the arguments and what is shown. What is written, and when, is decided in `relay.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import click
from click.core import ParameterSource

from pybayeux import installed_hook, printable
from pybayeux.cli import (
    EXIT_CODES,
    Server,
    check_channels,
    check_since,
    first,
    reader_gone,
    run,
    server_options,
    service_options,
)
from pybayeux.errors import UsageError
from pybayeux_replay import Replay, Stores

from .relay import Relay
from .stdout import StdoutTarget
from .target import TargetError, open_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .target import Target

__all__ = ("relay",)

_logger: Final = logging.getLogger("pybayeux.relay")

_EPILOG: Final = f"""
\b
Examples:
  pybayeux relay URL /orders --to sqlite:///events.db/orders
      Write each event into a table of a SQLite file, which is made if it is missing.
  pybayeux relay URL '/orders/*' --to postgresql://app@db.example.com/crm/orders
      Write into a table of a PostgreSQL database.
  pybayeux relay URL /orders --to redis://cache.example.com:6379/0/orders --lease 15
      Write into a stream of Redis. Start it on two machines: one writes, the other stands by.
  pybayeux relay URL /orders --to - --store orders.db | jq .data
      Write lines of JSON, at least once.
  pybayeux relay URL /orders --to postgresql://app@db.example.com/crm/orders --dry-run
      Check the server and the table, and write nothing.
  pybayeux replay dead-letters list --store sqlite:///events.db --consumer relay
      List the events that the target of the first example refused.
{EXIT_CODES}"""


@click.command(epilog=_EPILOG, short_help="Write events into a database or broker, each exactly once.")
@server_options
@service_options
@click.argument("channels", nargs=-1, required=True, metavar="CHANNEL...", callback=check_channels)
@click.option("--to", "name", required=True, metavar="TARGET", help="Where to write: a URL, or - for standard output.")
@click.option(
    "--consumer",
    default="relay",
    show_default=True,
    metavar="NAME",
    help="The name under which positions are kept in the target. Each relay into it needs a name of its own.",
)
@click.option(
    "--lease",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Let replicas of this name stand by: one writes, and another takes over if it is silent for this long.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    metavar="N",
    help="Write at most this many events in one transaction.",
)
@click.option(
    "--since",
    default="earliest",
    show_default=True,
    callback=check_since,
    metavar="latest|earliest|ID",
    help="Where to start on channels without a position.",
)
@click.option(
    "--on-invalid",
    type=click.Choice(["raise", "latest", "earliest"]),
    default="raise",
    show_default=True,
    help="What to do where the server no longer keeps the position: end, or go on there.",
)
@click.option(
    "--key",
    metavar="PATH",
    help="Where the key of a record is in the data, such as payload.OrderId__c. By default: the id in a change event.",
)
@click.option(
    "--store",
    metavar="NAME",
    envvar="PYBAYEUX_REPLAY_STORE",
    help="With --to - only: where positions are kept. By default: a file in your data folder.",
)
@click.option(
    "--progress",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to say on standard error what was written; 0: only at the end.",
)
@click.option("--dry-run", is_flag=True, help="Check the server and the target, say what would be done, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object with --dry-run.")
def relay(
    server: Server,
    channels: Sequence[str],
    name: str,
    store: str | None,
    progress: float,
    dry_run: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Subscribe to channels and write each event into a target, exactly once and in order per channel.

    Event and position are written in one transaction of the target, so that a crash at any point neither loses an event
    nor repeats one. Standard output has no transactions: there an event may come again after a crash.

    Targets: sqlite:///FILE/TABLE and postgresql://USER@HOST/DATABASE/TABLE (pybayeux-sql), redis://HOST:PORT/DB/STREAM
    (pybayeux-redis), kafka://HOST:PORT/TOPIC (pybayeux-kafka), - for lines of JSON, and those of further packages. An
    event that the target refuses is kept as a dead letter: pybayeux replay dead-letters.
    """
    if name == "-" and how["lease"] is not None:
        raise UsageError("--lease takes a database or a broker as the target, which keeps it; standard output cannot")
    if as_json and not dry_run:
        raise UsageError("--json goes with --dry-run; --to - writes the events as lines of JSON")
    target = _open(server, name, store)
    try:
        work = Relay(target, **how)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if dry_run:
        run(_check(server, target, channels, work, as_json), server.grace)
    else:
        run(_relay(server, target, channels, work, progress), server.grace)


def _open(server: Server, name: str, store: str | None) -> Target:
    context = click.get_current_context()
    server.cli_options.keep_secret("password", _password(name))
    options = server.cli_options.options()
    if name != "-":
        if store is not None and context.get_parameter_source("store") is ParameterSource.COMMANDLINE:
            raise UsageError("--store is for --to - only: other targets keep the positions themselves")
        return open_target(name, options=options, disabled=server.cli_options.disabled)
    stores = Stores()
    configured: Mapping[str, object] = options.get("replay") or {}
    chosen = store or str(configured.get("store", "sqlite"))
    if not stores.knows(chosen):
        installed_hook("register_stores", options=options, disabled=server.cli_options.disabled).call(stores)
    return StdoutTarget(stores.open(chosen))


def _password(name: str) -> str:
    return unquote(urlsplit(name).password or "")


async def _check(server: Server, target: Target, channels: Sequence[str], work: Relay, as_json: bool) -> None:
    async with aclosing(target):
        lines = await target.check()
        # Without positions, so that nothing is read or written by the client.
        async with server.connected(Replay("memory")) as client:
            url = client.url.partition("?")[0]
    if as_json:
        found = {"server": url, "channels": channels, "consumer": work.consumer, "target": list(lines)}
        click.echo(printable(json.dumps(found, ensure_ascii=False), json=True))
        return
    click.echo(f"server:   {url}, connected")
    click.echo(f"channels: {', '.join(channels)}")
    click.echo(f"consumer: {work.consumer}")
    for line in lines:
        click.echo(f"target:   {line}")
    click.echo("Nothing was subscribed to and nothing was written.")


async def _relay(server: Server, target: Target, channels: Sequence[str], work: Relay, every: float) -> None:
    async with aclosing(target):
        await work.prepare()
        began = False
        try:
            async with server.connected(work.replay) as client:
                began = True
                _logger.info("relaying %s to %r", ", ".join(channels), target)
                works = [work.run(client, channels)]
                if every:
                    works.append(_report(work, every))
                if isinstance(target, StdoutTarget):
                    works.append(reader_gone(target.descriptor))
                await first(works)
        except TargetError as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise error.__cause__ from None
            raise
        finally:
            if began:
                _logger.info("%s", work.progress.line())


async def _report(work: Relay, every: float) -> None:
    seen = 0
    while True:
        await asyncio.sleep(every)
        if work.progress.events + work.progress.dead_letters != seen:
            seen = work.progress.events + work.progress.dead_letters
            _logger.info("%s", work.progress.line())
