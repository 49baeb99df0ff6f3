"""`pybayeux replay`: look at positions, and change them while no client runs.

Owns the words of the commands and their help. What is written down is in `interchange.py`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import installed_hook
from pybayeux.errors import UsageError

from .interchange import exported, imported
from .position import Position, place, place_name
from .store import MemoryStore
from .stores import Stores, check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

    from .store import Store

__all__ = ("replay_commands",)

_PIPED_WIDTH: Final = 200

_HELP: Final = """\
Look at the positions from which subscriptions go on, and change them.

A position is the last handled event of one subscription. A client that starts begins after it, whatever its option
"since" says; one that runs keeps its own, so stop it before you change anything.

The store and the consumer are those of the clients: -x replay.store=... and -x replay.consumer=... before "replay",
PYBAYEUX_REPLAY_STORE and PYBAYEUX_REPLAY_CONSUMER in the environment, or [replay] in pybayeux.toml. --store and
--consumer name others.
"""

_EPILOG: Final = """
\b
Examples:
  pybayeux replay show --store positions.db
      Where each subscription of the consumer "default" goes on.
  pybayeux replay set /event/Order__e earliest --store positions.db
      Have the next run handle everything that the server still keeps.
  pybayeux replay set /event/Order__e 4711
      Have it handle everything after the event with this id.
  pybayeux replay clear /event/Order__e --yes
      Have it begin as if it had never run, where "since" says.
  pybayeux replay export > positions.json
  pybayeux replay import positions.json --store sqlite
      Take the positions into another store.
"""


@dataclass(frozen=True, slots=True)
class _Options:
    """What a command without options of its own is about."""

    store: str | Store
    consumer: str


class _Shelf:
    """The positions that a command is about.

    Args:
        store: Where they are.
        consumer: Whose they are.
    """

    def __init__(self, store: Store, consumer: str) -> None:
        self._store: Final = store
        self.consumer: Final = consumer

    def items(self) -> Mapping[str, Position]:
        """All of them, by subscription."""
        return self._store.items(self.consumer)

    def set(self, positions: Mapping[str, Position]) -> None:
        """Keep these."""
        self._store.set(self.consumer, positions)

    def delete(self, subscriptions: Iterable[str]) -> None:
        """Forget these."""
        for subscription in subscriptions:
            self._store.delete(self.consumer, subscription)


def _on_shelf(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--store`` and ``--consumer``, and call the command with what they lead to."""

    @click.option("--store", "name", metavar="NAME", help="The store, such as positions.db or sqlite:///positions.db.")
    @click.option("--consumer", metavar="NAME", help="The consumer whose positions are meant.")
    @click.pass_context
    def with_shelf(context: click.Context, /, name: str | None, consumer: str | None, **others: Any) -> Any:
        options: _Options = context.obj
        store = _opened(context, options.store if name is None else name)
        context.call_on_close(store.close)
        return command(_Shelf(store, options.consumer if consumer is None else consumer), **others)

    with_shelf.__doc__ = command.__doc__
    return with_shelf


def _opened(context: click.Context, store: str | Store) -> Store:
    if isinstance(store, str):
        try:
            check_name(store)
        except ValueError as error:
            raise UsageError(str(error)) from None
        stores = Stores()
        if not stores.knows(store):
            given: Any = context.find_root().obj
            installed_hook("register_stores", options=given.options(), disabled=given.disabled).call(stores)
        store = stores.open(store)
    if isinstance(store, MemoryStore):
        raise UsageError(
            "nothing is kept in the store 'memory' beyond the end of a program: name the one of your clients with "
            "--store, such as --store positions.db"
        )
    return store


def replay_commands(store: str | Store, consumer: str) -> click.Group:
    """The command ``replay`` with its sub-commands.

    Args:
        store: The store of the clients.
        consumer: Their name in it.
    """

    @click.group("replay", help=_HELP, epilog=_EPILOG, short_help="Look at positions in streams, and change them.")
    @click.pass_context
    def replay(context: click.Context) -> None:
        context.obj = _Options(store, consumer)

    for command in (_show, _set, _clear, _export, _import):
        replay.add_command(command)
    return replay


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, in JSON.")
@_on_shelf
def _show(shelf: _Shelf, as_json: bool) -> None:
    """Show where each subscription goes on."""
    positions = shelf.items()
    if as_json:
        click.echo(exported(positions), nl=False)
    elif positions:
        _print(positions)
    else:
        click.echo(f"No positions are kept for the consumer {shelf.consumer!r}.")


def _print(positions: Mapping[str, Position]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table("Subscription", "Goes on after", "Stored", "Event of", "Org", box=None)
    for subscription, each in positions.items():
        happened = "" if each.event_time is None else _ago(now - each.event_time)
        row = (subscription, str(place_name(each.replay_id)), _ago(now - each.stored_at), happened, each.org or "")
        table.add_row(*map(Text, row))
    (Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)).print(table)


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago" if seconds > 1 else "just now"


@click.command("set")
@click.argument("subscription")
@click.argument("place_", metavar="PLACE")
@_on_shelf
def _set(shelf: _Shelf, subscription: str, place_: str) -> None:
    """Have a subscription go on at PLACE: after a replay id, or "earliest", or "latest".

    SUBSCRIPTION is what the program subscribes to, a PushTopic's filter included: '/topic/Cases?Priority=High'.
    """
    _check_subscription(subscription)
    try:
        number = place(int(place_) if place_.lstrip("-").isdecimal() else place_)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(str(error)) from None
    shelf.set({subscription: Position(number, datetime.now(UTC))})
    click.echo(f"{subscription} goes on {'after ' if number >= 0 else 'at the '}{place_name(number)}.")


def _check_subscription(subscription: str) -> None:
    if not subscription.startswith("/"):
        raise UsageError(f"{subscription!r} is no channel: it begins with a slash")


@click.command("clear")
@click.argument("subscriptions", metavar="[SUBSCRIPTION]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_on_shelf
def _clear(shelf: _Shelf, subscriptions: tuple[str, ...], yes: bool) -> None:
    """Forget positions: those of these subscriptions, or all of the consumer's.

    The next run begins where its option "since" says. What is not handled may be lost by that, and what is handled may
    come again.
    """
    kept = shelf.items()
    wanted = subscriptions or tuple(kept)
    unknown = [each for each in wanted if each not in kept]
    if unknown:
        raise UsageError(f"no position is kept for {', '.join(unknown)}")
    if wanted and not yes:
        names = ", ".join(wanted)
        click.confirm(f"Forget the positions of {names} for the consumer {shelf.consumer!r}?", abort=True, err=True)
    shelf.delete(wanted)
    click.echo(f"{_counted(len(wanted))} forgotten.")


@click.command("export")
@_on_shelf
def _export(shelf: _Shelf) -> None:
    """Write the consumer's positions to standard output, in JSON, for "import"."""
    click.echo(exported(shelf.items()), nl=False)


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@_on_shelf
def _import(shelf: _Shelf, file: TextIO) -> None:
    """Take positions from FILE, as "export" wrote them; - is standard input.

    Those of other subscriptions stay. A file with anything wrong in it changes nothing.
    """
    try:
        positions = imported(file.read())
    except ValueError as error:
        raise UsageError(f"{file.name}, {error}") from None
    shelf.set(positions)
    click.echo(f"{_counted(len(positions))} taken.")


def _counted(number: int) -> str:
    return f"{number} position{'' if number == 1 else 's'}"
