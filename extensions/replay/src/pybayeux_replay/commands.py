"""The commands of `pybayeux replay`: they show the stored positions, and change them while no client runs.

The format of an export is in `position_json.py`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from pybayeux import installed_hook, printable
from pybayeux.errors import UsageError

from .dead_letter_commands import dead_letter_commands
from .position import EARLIEST, Position, begins_at, place, place_name
from .position_json import export_positions, import_positions
from .position_lookup import keys_of, position_key, split_key
from .store import LeaseStore, MemoryStore
from .stores import Stores, check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

    from .leases import Lease
    from .store import Store

__all__ = ("replay_commands",)

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
      Show where each subscription of the consumer "default" goes on, and which replica is active.
  pybayeux replay set /event/Order__e earliest --store positions.db
      Let the next run handle everything that the server still keeps.
  pybayeux replay set /event/Order__e 4711
      Let it handle everything after the event with this id.
  pybayeux replay set /event/Order__e 2026-11-29T08:00
      Let it handle what happened since then, as far as the server still keeps it.
  pybayeux replay clear /event/Order__e --yes
      Let it begin as on its first run, where its option "since" says.
  pybayeux replay export > positions.json
  pybayeux replay import positions.json --store sqlite
      Copy the positions into another store.
  pybayeux replay dead-letters list
      List the events that handlers failed on.
"""


@dataclass(frozen=True, slots=True)
class _Options:
    """The store and the consumer of a command that has no options of its own."""

    store: str | Store
    consumer: str


class _Positions:
    """The positions of one consumer in one store.

    Args:
        store: The store.
        consumer: The consumer.
    """

    def __init__(self, store: Store, consumer: str) -> None:
        self.store: Final = store
        self.consumer: Final = consumer

    def items(self) -> Mapping[str, Position]:
        """Return all positions, by subscription."""
        return self.store.items(self.consumer)

    def lease(self) -> Lease | None:
        """Return the lease, if there ever was one."""
        return self.store.lease(self.consumer) if isinstance(self.store, LeaseStore) else None

    def set(self, positions: Mapping[str, Position]) -> None:
        """Store these positions."""
        self.store.set(self.consumer, positions)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the positions under these keys."""
        for key in keys:
            self.store.delete(self.consumer, key)

    def key(self, subscription: str) -> str | None:
        """Return the key of a subscription, of whichever org; None if no position is stored for it.

        Raises:
            UsageError: Positions of several orgs are stored for it.
        """
        keys = keys_of(subscription, self.items())
        if len(keys) > 1:
            raise UsageError(f"several orgs have a position for {subscription}: name one of {', '.join(keys)}")
        return keys[0] if keys else None


def _with_positions(command: Callable[..., Any], *, creates: bool = False) -> Callable[..., Any]:
    """Add ``--store`` and ``--consumer`` to a command, and call it with the positions that they name.

    Args:
        command: The command.
        creates: Whether it may create the file of a store. Others refuse one that does not exist: its name is misspelt.
    """

    @click.option("--store", "name", metavar="NAME", help="The store, such as positions.db or sqlite:///positions.db.")
    @click.option("--consumer", metavar="NAME", help="The consumer that the positions belong to.")
    @click.pass_context
    def with_positions(context: click.Context, /, name: str | None, consumer: str | None, **others: Any) -> Any:
        options: _Options = context.obj
        store = _open_store(context, options.store if name is None else name)
        context.call_on_close(store.close)
        path = getattr(store, "path", None)
        if not creates and isinstance(path, Path) and not path.exists():
            raise UsageError(f"store: {path} does not exist; expected the file in which your clients store positions")
        return command(_Positions(store, options.consumer if consumer is None else consumer), **others)

    with_positions.__doc__ = command.__doc__
    return with_positions


def _open_store(context: click.Context, store: str | Store) -> Store:
    if isinstance(store, str):
        try:
            check_name(store)
        except ValueError as error:
            raise UsageError(str(error)) from None
        stores = Stores()
        if not stores.knows(store):
            cli: Any = context.find_root().obj
            installed_hook("register_stores", options=cli.options(), disabled=cli.disabled).call(stores)
        store = stores.open(store)
    if isinstance(store, MemoryStore):
        raise UsageError(
            "the store 'memory' keeps nothing after the end of a program: name the store of your clients with --store, "
            "such as --store positions.db"
        )
    return store


def replay_commands(store: str | Store, consumer: str) -> click.Group:
    """Return the command ``replay`` with its sub-commands.

    Args:
        store: The store of the clients.
        consumer: Their name in the store.
    """

    @click.group("replay", help=_HELP, epilog=_EPILOG, short_help="Show and change positions, and dead letters.")
    @click.pass_context
    def replay(context: click.Context) -> None:
        context.obj = _Options(store, consumer)

    for command in (_show, _lease, _set, _clear, _export, _import, dead_letter_commands(_with_positions)):
        replay.add_command(command)
    return replay


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, in JSON.")
@_with_positions
def _show(positions: _Positions, as_json: bool) -> None:
    """Show where each subscription goes on, and which replica is active."""
    stored = positions.items()
    if as_json:
        click.echo(printable(export_positions(stored), json=True), nl=False)
        return
    if stored:
        _print(stored)
    else:
        click.echo(f"No positions are stored for the consumer {positions.consumer!r}.")
    if (lease := positions.lease()) is not None:
        click.echo(printable(_lease_text(positions.consumer, lease)))


def _print(positions: Mapping[str, Position]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table("Subscription", "Goes on after", "Stored", "Event of", "Org", box=None)
    for subscription, each in positions.items():
        happened = "" if each.event_time is None else _ago(now - each.event_time)
        org, channel = split_key(subscription)
        goes_on = str(place_name(each.replay_id)) if begins_at(each) is None else "events of"
        row = (channel, goes_on, _ago(now - each.stored_at), happened, each.org or org)
        table.add_row(*map(Text, map(printable, row)))
    (Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)).print(table)


def _lease_text(consumer: str, lease: Lease) -> str:
    """Return who holds a lease, in words. Only the store's clock counts."""
    if lease.is_expired:
        ended = _ago(lease.read_at - lease.expires_at)
        return (
            f"No replica of {consumer!r} is active: the lease of {lease.holder}, number {lease.number}, ended {ended}."
        )
    events = f"{lease.waiting} event{'' if lease.waiting == 1 else 's'}"
    return (
        f"{lease.holder} is the active replica of {consumer!r} since {lease.since:%Y-%m-%d %H:%M:%S} UTC "
        f"({_ago(lease.read_at - lease.since)}), under lease number {lease.number}; {events} received and not handled."
    )


@click.command("lease")
@click.option("--json", "as_json", is_flag=True, help="Print an object, in JSON; null if there never was a lease.")
@_with_positions
def _lease(positions: _Positions, as_json: bool) -> None:
    """Show which replica of the consumer is active, since when, and how many events wait for it."""
    lease = positions.lease()
    if as_json:
        click.echo(printable(msgspec.json.encode(lease).decode(), json=True))
    elif lease is None:
        click.echo(f"There never was a lease for the consumer {positions.consumer!r}.")
    else:
        click.echo(printable(_lease_text(positions.consumer, lease)))


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago" if seconds > 1 else "just now"


@click.command("set")
@click.argument("subscription")
@click.argument("place_", metavar="PLACE")
@partial(_with_positions, creates=True)
def _set(positions: _Positions, subscription: str, place_: str) -> None:
    """Let a subscription go on at PLACE: after a replay id, at "earliest" or "latest", or at a time.

    A time is written as 2026-11-29T08:00 or 2026-11-29, in UTC or with an offset. The client then reads everything that
    the server still keeps, and drops the events that happened before. Events that have no time are all handled.

    SUBSCRIPTION is what the program subscribes to, with the filter of a PushTopic: '/topic/Cases?Priority=High'. Where
    the store has positions of several orgs, the org comes before it: 00D000000000001/event/Order__e.
    """
    _check_subscription(subscription)
    key = positions.key(subscription) or subscription
    if (moment := _moment(place_)) is not None:
        positions.set({key: Position(EARLIEST, datetime.now(UTC), event_time=moment)})
        click.echo(f"{printable(subscription)} goes on with the events from {moment:%Y-%m-%d %H:%M:%S} UTC on.")
        return
    try:
        number = place(int(place_) if place_.lstrip("-").isdecimal() else place_)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"{error}; a time is written as 2026-11-29T08:00") from None
    positions.set({key: Position(number, datetime.now(UTC))})
    click.echo(f"{printable(subscription)} goes on {'after ' if number >= 0 else 'at the '}{place_name(number)}.")


def _moment(text: str) -> datetime | None:
    """Return a time in UTC, None for anything else, such as a replay id."""
    try:
        moment = None if text.lstrip("-").isdecimal() else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _check_subscription(subscription: str) -> None:
    if "/" not in subscription:
        raise UsageError(f"expected a channel that begins with a slash; got {subscription!r}")


@click.command("clear")
@click.argument("subscriptions", metavar="[SUBSCRIPTION]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with_positions
def _clear(positions: _Positions, subscriptions: tuple[str, ...], yes: bool) -> None:
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
    click.echo(f"{_counted(len(wanted))} deleted.")


@click.command("export")
@_with_positions
def _export(positions: _Positions) -> None:
    """Write the consumer's positions to standard output, in JSON, for "import"."""
    click.echo(printable(export_positions(positions.items()), json=True), nl=False)


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@partial(_with_positions, creates=True)
def _import(positions: _Positions, file: TextIO) -> None:
    """Store the positions in FILE, as "export" wrote them; - is standard input.

    Positions of other subscriptions stay. If anything in the file is wrong, nothing changes.
    """
    try:
        imported = import_positions(file.read())
    except ValueError as error:
        raise UsageError(f"{file.name}, {error}") from None
    # Exports of earlier versions name no org before a subscription.
    positions.set({_with_org(key, each.org): each for key, each in imported.items()})
    click.echo(f"{_counted(len(imported))} stored.")


def _with_org(key: str, origin: str | None) -> str:
    return position_key(key, origin) if key.startswith("/") else key


def _counted(number: int) -> str:
    return f"{number} position{'' if number == 1 else 's'}"
