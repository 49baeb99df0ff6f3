"""The commands of `pybayeux replay dead-letters`: list events that handlers failed on, handle them again, delete them.

How they find the store is in `command_positions.py`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import msgspec

from pybayeux import printable
from pybayeux.errors import UsageError

from .command_positions import with_positions
from .dead_letters import DeadLetter, DeadLetterStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pybayeux import Message

    from .command_positions import ConsumerPositions

__all__ = ("dead_letters",)

_PIPED_WIDTH: Final = 200

_HELP: Final = """\
Show, handle and delete events that a handler failed on.

A handler that was subscribed with on_error="dead_letter" does not stop when it fails: the event is kept here, with the
error, and the stream goes on. When the cause is removed, "replay" calls the handler again, also while the client runs.
"""

_EPILOG: Final = """
\b
Examples:
  pybayeux replay dead-letters list --store positions.db
      List them, the oldest first.
  pybayeux replay dead-letters replay billing.handlers:book --store positions.db
      Call the function book in billing/handlers.py with each event, and delete those that it handles.
  pybayeux replay dead-letters delete 17 --store positions.db
      Delete one, by its number in the list.
"""


@click.group(
    "dead-letters", help=_HELP, epilog=_EPILOG, short_help="Show, handle and delete events that a handler failed on."
)
def dead_letters() -> None:
    """Show, handle and delete events that a handler failed on."""


def _letters_in(positions: ConsumerPositions) -> DeadLetterStore:
    if isinstance(positions.store, DeadLetterStore):
        return positions.store
    raise UsageError(
        f"{type(positions.store).__name__} keeps no dead letters: expected a store such as 'sqlite:///positions.db'"
    )


def _selected(positions: ConsumerPositions, numbers: Sequence[int]) -> list[DeadLetter]:
    letters = _letters_in(positions).dead_letters(positions.consumer)
    unknown = sorted(set(numbers) - {letter.number for letter in letters if letter.number is not None})
    if unknown:
        names = ", ".join(map(str, unknown))
        raise UsageError(f"the consumer {positions.consumer!r} has no dead letter {names}")
    return [letter for letter in letters if not numbers or letter.number in numbers]


# -- list


@dead_letters.command("list", epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
@with_positions
def _list(positions: ConsumerPositions, as_json: bool) -> None:
    """List the events that handlers failed on, the oldest first."""
    letters = _letters_in(positions).dead_letters(positions.consumer)
    if as_json:
        click.echo(_json([letter.as_json() for letter in letters]))
    elif letters:
        _print(letters)
        click.echo(f"{_counted(len(letters))}.")
    else:
        click.echo(f"No dead letters are kept for the consumer {positions.consumer!r}.")


def _print(letters: Sequence[DeadLetter]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Number", "Subscription", "Channel", "Replay id", "Failed at", "Attempts", "Error", box=None)
    for each in letters:
        replay_id = "" if each.replay_id is None else str(each.replay_id)
        failed_at = each.failed_at.isoformat(" ", "seconds")
        row = (str(each.number), each.subscription, each.channel, replay_id, failed_at, str(each.attempts), each.error)
        table.add_row(*map(Text, map(printable, row)))
    (Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)).print(table)


# -- replay


@dead_letters.command("replay", epilog=_EPILOG, short_help="Call a handler with events that it failed on.")
@click.argument("handler", metavar="MODULE:FUNCTION")
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1, type=int)
@click.option("--type", "kind", metavar="MODULE:TYPE", help="The type that the handler subscribes with.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
@with_positions
def _replay(
    positions: ConsumerPositions, handler: str, numbers: tuple[int, ...], kind: str | None, as_json: bool
) -> None:
    """Call a handler with events that it failed on: with these, or with all of the consumer, the oldest first.

    FUNCTION is called with the event, and may be async. An event that it handles is deleted. One that it fails on again
    stays, with the new error, and the next one follows; then the command ends with exit code 1. The client may run
    meanwhile: it does not get these events again.
    """
    function, decode = _imported(handler), None if kind is None else _decoder(_imported(kind))
    outcomes = asyncio.run(_handle_all(positions, _selected(positions, numbers), function, decode))
    failed = [each for each in outcomes if each["error"] is not None]
    if as_json:
        click.echo(_json(outcomes))
    else:
        for each in failed:
            click.echo(f"{each['number']}: {printable(each['error'])}", err=True)
        click.echo(f"{_counted(len(outcomes) - len(failed))} handled, {len(failed)} failed.")
    if failed:
        sys.exit(1)


def _imported(name: str) -> Any:
    module, separator, attribute = name.partition(":")
    if not separator or not module or not attribute:
        raise UsageError(f"expected MODULE:NAME, such as billing.handlers:book; got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the working directory, as for `python -m`
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{name}: {error}") from error
    if not callable(found):
        raise UsageError(f"{name}: expected a function or a class; got {type(found).__name__}")
    return found


def _decoder(kind: Any) -> Callable[[bytes], Any]:
    if hasattr(kind, "model_validate_json"):
        validate: Callable[[bytes], Any] = kind.model_validate_json
        return validate
    return msgspec.json.Decoder(kind).decode


async def _handle_all(
    positions: ConsumerPositions,
    letters: Sequence[DeadLetter],
    function: Callable[[Message], Any],
    decode: Callable[[bytes], Any] | None,
) -> list[dict[str, Any]]:
    store, outcomes = _letters_in(positions), []
    for letter in letters:
        assert letter.number is not None
        error = await _failure(letter.message, function, decode)
        if error is None:
            store.delete_dead_letters(positions.consumer, [letter.number])
        else:
            store.add_dead_letter(positions.consumer, replace(letter, error=error, failed_at=datetime.now(UTC)))
        outcomes.append({"number": letter.number, "subscription": letter.subscription, "error": error})
    return outcomes


async def _failure(
    message: Message, function: Callable[[Message], Any], decode: Callable[[bytes], Any] | None
) -> str | None:
    """Call the function; return what it failed with, or None."""
    try:
        if decode is not None:
            message.data = decode(message.raw_data)
        message.attach_receipt(_Receipt())
        result = function(message)
        if inspect.isawaitable(result):
            await result
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


class _Receipt:
    """For handlers that acknowledge: an event that they handle is deleted when they return."""

    async def acknowledge(self) -> None:
        """Do nothing."""

    def transaction(self, earlier: Sequence[object] = ()) -> NoReturn:
        """There is none: the deletion would not be part of it."""
        raise UsageError("a dead letter has no transaction: expected a handler that may handle an event twice")


# -- delete


@dead_letters.command("delete", epilog=_EPILOG, short_help="Delete events that handlers failed on.")
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1, type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects: those that are deleted.")
@with_positions
def _delete(positions: ConsumerPositions, numbers: tuple[int, ...], yes: bool, as_json: bool) -> None:
    """Delete events that handlers failed on: these, or all of the consumer. They are not handled again."""
    letters = _selected(positions, numbers)
    if letters and not yes:
        text = f"Delete {_counted(len(letters))} of the consumer {positions.consumer!r}?"
        click.confirm(text, abort=True, err=True)
    chosen = [letter.number for letter in letters if letter.number is not None]
    _letters_in(positions).delete_dead_letters(positions.consumer, chosen)
    if as_json:
        click.echo(_json([letter.as_json() for letter in letters]))
    else:
        click.echo(f"{_counted(len(chosen))} deleted.")


def _json(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False, indent=2), json=True)


def _counted(number: int) -> str:
    return f"{number} dead letter{'' if number == 1 else 's'}"
