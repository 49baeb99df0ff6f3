"""The commands of `pybayeux replay`: they show the stored positions, and change them while no client runs.

How they find the store is in `command_positions.py`; the format of an export, in `position_json.py`.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import click
import msgspec

from pybayeux import printable
from pybayeux.errors import UsageError

from .command_positions import ConsumerPositions, with_positions
from .dead_letter_commands import dead_letters
from .moments import parse_moment, show_moment
from .position import EARLIEST, Position, begins_at, place, place_name
from .position_json import export_positions, import_positions, position_fields
from .position_lookup import position_key, split_key
from .rewind_command import rewind
from .words import ago, counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from .leases import Lease
    from .shard_view import ShardView

__all__ = ("replay",)

_PIPED_WIDTH: Final = 200

_HELP: Final = """\
Show and change the positions after which subscriptions go on.

A position is the last handled event of one subscription. A client begins after it when it starts, and ignores its
option "since". A running client keeps its own positions, so stop it before you change anything.

The store and the consumer come from the same options as those of a client: -x replay.store=... and
-x replay.consumer=... before "replay", PYBAYEUX_REPLAY_STORE and PYBAYEUX_REPLAY_CONSUMER in the environment, or
[replay] in pybayeux.toml. --store and --consumer take precedence.
"""

_EPILOG: Final = """
\b
Examples:
  pybayeux replay show --store positions.db
      Show where each subscription of the consumer "default" goes on, and which replica handles it.
  pybayeux replay set /event/Order__e earliest --store positions.db
      Let the next run handle everything that the server still keeps.
  pybayeux replay set /event/Order__e 4711
      Let it handle everything after the event with this id.
  pybayeux replay set /event/Order__e 2026-11-29T08:00
      Let it handle what happened since then, as far as the server still keeps it.
  pybayeux replay rewind --to 2026-11-28T10:00Z --dry-run
      See what it would be to handle everything since then once more.
  pybayeux replay clear /event/Order__e --yes
      Let it begin as on its first run, where its option "since" says.
  pybayeux replay export > positions.json
  pybayeux replay import positions.json --store sqlite
      Copy the positions into another store.
  pybayeux replay dead-letters list
      List the events that handlers failed on.
\b
Exit codes:
  0    Done.
  1    The store cannot be read or written.
  2    Wrong usage, or a wrong option of an extension.
"""


_SHOW_EPILOG: Final = """
\b
Examples:
  pybayeux replay show --store positions.db
      Show where each subscription of the consumer "default" goes on.
  pybayeux replay show --consumer billing --json | jq
      Write the positions of another consumer for a script.
"""
_LEASE_EPILOG: Final = """
\b
Examples:
  pybayeux replay lease --store postgresql://db/app --consumer billing
      Show which replica is active, and how many events wait for it.
"""
_SET_EPILOG: Final = """
\b
Examples:
  pybayeux replay set /event/Order__e earliest --store positions.db
      Let the next run handle everything that the server still keeps.
  pybayeux replay set /event/Order__e 2026-11-29T08:00
      Let it handle what happened since then.
"""
_CLEAR_EPILOG: Final = """
\b
Examples:
  pybayeux replay clear /event/Order__e --yes
      Let it begin as on its first run, where its option "since" says.
  pybayeux replay clear --yes --json > deleted.json
      Delete all positions, and keep what "import" needs to store them again.
"""
_EXPORT_EPILOG: Final = """
\b
Examples:
  pybayeux replay export --store positions.db > positions.json
      Keep the positions of a consumer.
"""
_IMPORT_EPILOG: Final = """
\b
Examples:
  pybayeux replay import positions.json --store positions.db
      Store what "export" wrote.
"""


@click.group("replay", help=_HELP, epilog=_EPILOG, short_help="Show and change positions, and dead letters.")
def replay() -> None:
    """Show and change positions, and dead letters."""


@click.command("show", epilog=_SHOW_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
@with_positions
def _show(positions: ConsumerPositions, as_json: bool) -> None:
    """Show where each subscription goes on, and which replica is active, or handles which channels."""
    stored, shards = positions.items(), positions.shards()
    if as_json:
        _write_json(export_positions(stored) if not shards else _json(shards, stored))
        return
    if stored or shards:
        _print(shards.with_unstored(stored), shards)
    else:
        click.echo(f"No positions are stored for the consumer {positions.consumer!r}.")
    lines = shards.lines(positions.consumer)
    if (lease := positions.lease()) is not None:
        lines.append(_lease_text(positions.consumer, lease))
    for line in lines:
        click.echo(printable(line))


def _write_json(text: str) -> None:
    click.echo(printable(text, json=True), nl=False)


def _json(shards: ShardView, stored: Mapping[str, Position]) -> str:
    lines = [
        json.dumps(position_fields(key, position) | shards.record(split_key(key)[1]), ensure_ascii=False)
        for key, position in shards.with_unstored(stored).items()
    ]
    return "[\n{}\n]\n".format(",\n".join(lines))


def _print(positions: Mapping[str, Position | None], shards: ShardView) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table("Subscription", "Goes on after", "Stored", "Event of", "Org", box=None)
    if shards:
        for name in ("Handled by", "Since", "Waiting"):
            table.add_column(name)
    for key, each in positions.items():
        org, channel = split_key(key)
        row = [channel, *_columns(each, org, now), *(shards.columns(channel) if shards else ())]
        table.add_row(*map(Text, map(printable, row)))
    (Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)).print(table)


def _columns(position: Position | None, org: str, now: datetime) -> tuple[str, ...]:
    if position is None:
        return ("no position", "", "", org)
    happened = "" if position.event_time is None else ago(now - position.event_time)
    goes_on = str(place_name(position.replay_id)) if begins_at(position) is None else "events of"
    return (goes_on, ago(now - position.stored_at), happened, position.org or org)


def _lease_text(consumer: str, lease: Lease) -> str:
    """Return who holds a lease, in words. Only the store's clock counts."""
    if lease.is_expired:
        ended = ago(lease.read_at - lease.expires_at)
        return (
            f"No replica of {consumer!r} is active: the lease of {lease.holder}, number {lease.number}, ended {ended}."
        )
    events = counted(lease.waiting, "event")
    return (
        f"{lease.holder} is the active replica of {consumer!r} since {lease.since:%Y-%m-%d %H:%M:%S} UTC "
        f"({ago(lease.read_at - lease.since)}), under lease number {lease.number}; {events} received and not handled."
    )


@click.command("lease", epilog=_LEASE_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object; null if there never was a lease.")
@with_positions
def _lease(positions: ConsumerPositions, as_json: bool) -> None:
    """Show which replica of the consumer is active, since when, and how many events wait for it."""
    lease = positions.lease()
    if as_json:
        click.echo(printable(msgspec.json.encode(lease).decode(), json=True))
    elif lease is None:
        click.echo(f"There never was a lease for the consumer {positions.consumer!r}.")
    else:
        click.echo(printable(_lease_text(positions.consumer, lease)))


@click.command("set", epilog=_SET_EPILOG)
@click.argument("subscription")
@click.argument("place_", metavar="PLACE")
@click.option("--json", "as_json", is_flag=True, help='Write one JSON object: the position, as "show" writes it.')
@partial(with_positions, creates=True)
def _set(positions: ConsumerPositions, subscription: str, place_: str, as_json: bool) -> None:
    """Let a subscription go on at PLACE: after a replay id, at "earliest" or "latest", or at a time.

    A time is written as 2026-11-29T08:00 or 2026-11-29, in UTC or with an offset. The client then reads everything that
    the server still keeps, and drops the events that happened before. Events that have no time are all handled.

    SUBSCRIPTION is what the program subscribes to, with the filter of a PushTopic: '/topic/Cases?Priority=High'. Where
    the store has positions of several orgs, the org comes before it: 00D000000000001/event/Order__e.
    """
    _check_subscription(subscription)
    key = positions.key(subscription) or subscription
    position = _position_at(place_)
    positions.set({key: position})
    if as_json:
        _write_json(f"{json.dumps(position_fields(key, position), ensure_ascii=False)}\n")
    else:
        click.echo(f"{printable(subscription)} goes on {_where(position)}.")


def _position_at(text: str) -> Position:
    if (moment := parse_moment(text)) is not None:
        return Position(EARLIEST, datetime.now(UTC), event_time=moment)
    try:
        number = place(int(text) if text.lstrip("-").isdecimal() else text)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"{error}; a time is written as 2026-11-29T08:00") from None
    return Position(number, datetime.now(UTC))


def _where(position: Position) -> str:
    if position.event_time is not None:
        return f"with the events from {show_moment(position.event_time)} on"
    return f"{'after ' if position.replay_id >= 0 else 'at the '}{place_name(position.replay_id)}"


def _check_subscription(subscription: str) -> None:
    if "/" not in subscription:
        raise UsageError(f"expected a channel that begins with a slash; got {subscription!r}")


@click.command("clear", epilog=_CLEAR_EPILOG)
@click.argument("subscriptions", metavar="[SUBSCRIPTION]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--json", "as_json", is_flag=True, help='Write a JSON list of objects: the deleted positions, for "import".'
)
@with_positions
def _clear(positions: ConsumerPositions, subscriptions: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Delete positions: those of these subscriptions, or all positions of the consumer.

    The next run begins where its option "since" says. Unhandled events may be lost by that, and handled events may come
    again.
    """
    stored = positions.items()
    keys = [(each, positions.key(each)) for each in subscriptions] or [(each, each) for each in stored]
    unknown = [each for each, key in keys if key is None]
    if unknown:
        raise UsageError(f"no position is stored for {', '.join(unknown)}")
    wanted = [key for _, key in keys if key is not None]
    if wanted and not yes:
        names = ", ".join(wanted)
        click.confirm(f"Delete the positions of {names} for the consumer {positions.consumer!r}?", abort=True, err=True)
    positions.delete(wanted)
    if as_json:
        _write_json(export_positions({key: stored[key] for key in wanted}))
    else:
        click.echo(f"{counted(len(wanted), 'position')} deleted.")


@click.command("export", epilog=_EXPORT_EPILOG)
@with_positions
def _export(positions: ConsumerPositions) -> None:
    """Write the consumer's positions to standard output, in JSON, for "import"."""
    _write_json(export_positions(positions.items()))


@click.command("import", epilog=_IMPORT_EPILOG)
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects: the positions that are stored.")
@partial(with_positions, creates=True)
def _import(positions: ConsumerPositions, file: TextIO, as_json: bool) -> None:
    """Store the positions in FILE, as "export" wrote them; - is standard input.

    Positions of other subscriptions stay. If anything in the file is wrong, nothing changes.
    """
    try:
        imported = import_positions(file.read())
    except ValueError as error:
        raise UsageError(f"{file.name}, {error}") from None
    # Exports of earlier versions name no org before a subscription.
    stored = {_with_org(key, each.org): each for key, each in imported.items()}
    positions.set(stored)
    if as_json:
        _write_json(export_positions(stored))
    else:
        click.echo(f"{counted(len(imported), 'position')} stored.")


def _with_org(key: str, origin: str | None) -> str:
    return position_key(key, origin) if key.startswith("/") else key


for _command in (_show, _lease, _set, rewind, _clear, _export, _import, dead_letters):
    replay.add_command(_command)
