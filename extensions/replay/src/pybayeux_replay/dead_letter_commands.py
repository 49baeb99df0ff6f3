"""The commands of `pybayeux replay dead-letters`: list events that handlers failed on, handle them again, delete them.

The store and the consumer are found by the caller, as for the other commands of `pybayeux replay`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import click
import msgspec

from pybayeux import printable
from pybayeux.errors import UsageError

from .dead_letters import DeadLetter, DeadLetterStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pybayeux import Message

    from .store import Store

__all__ = ("dead_letter_commands",)

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
  pybayeux replay dead-letters replay billing.handlers:book --store positions.db
      Call the function book in billing/handlers.py with each event, and delete those that it handles.
  pybayeux replay dead-letters delete 17 --store positions.db
"""


class _Place(Protocol):
    """The store and the consumer of a command."""

    @property
    def store(self) -> Store: ...

    @property
    def consumer(self) -> str: ...


def dead_letter_commands(with_store: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Group:
    """Return the command ``dead-letters`` with its sub-commands.

    Args:
        with_store: Adds the options for the store to a command, and passes it the store and the consumer.
    """
    group = click.Group("dead-letters", help=_HELP, epilog=_EPILOG, short_help="Events that a handler failed on.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Print a list of objects, in JSON.")
    numbers = click.argument("numbers", metavar="[NUMBER]...", nargs=-1, type=int)
    handler = click.argument("handler", metavar="MODULE:FUNCTION")
    kind = click.option("--type", "kind", metavar="MODULE:TYPE", help="The type that the handler subscribes with.")
    yes = click.option("--yes", is_flag=True, help="Do not ask.")

    group.command("list")(json_option(with_store(_list)))
    replay = group.command("replay", short_help="Call a handler with events that it failed on.")
    replay(handler(numbers(kind(json_option(with_store(_replay))))))
    delete = group.command("delete", short_help="Delete events that handlers failed on.")
    delete(numbers(yes(with_store(_delete))))
    return group


def _letters_in(place: _Place) -> DeadLetterStore:
    if isinstance(place.store, DeadLetterStore):
        return place.store
    raise UsageError(
        f"{type(place.store).__name__} keeps no dead letters: expected a store such as 'sqlite:///positions.db'"
    )


def _selected(place: _Place, numbers: Sequence[int]) -> list[DeadLetter]:
    letters = _letters_in(place).dead_letters(place.consumer)
    unknown = sorted(set(numbers) - {letter.number for letter in letters if letter.number is not None})
    if unknown:
        names = ", ".join(map(str, unknown))
        raise UsageError(f"the consumer {place.consumer!r} has no dead letter {names}")
    return [letter for letter in letters if not numbers or letter.number in numbers]


# -- list


def _list(place: _Place, as_json: bool) -> None:
    """List the events that handlers failed on, the oldest first."""
    letters = _letters_in(place).dead_letters(place.consumer)
    if as_json:
        click.echo(_json([letter.as_json() for letter in letters]))
    elif letters:
        _print(letters)
        click.echo(f"{_counted(len(letters))}.")
    else:
        click.echo(f"No dead letters are kept for the consumer {place.consumer!r}.")


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


def _replay(place: _Place, handler: str, numbers: tuple[int, ...], kind: str | None, as_json: bool) -> None:
    """Call a handler with events that it failed on: with these, or with all of the consumer, the oldest first.

    FUNCTION is called with the event, and may be async. An event that it handles is deleted. One that it fails on again
    stays, with the new error, and the next one follows; then the command ends with exit code 1. The client may run
    meanwhile: it does not get these events again.
    """
    function, decode = _imported(handler), None if kind is None else _decoder(_imported(kind))
    outcomes = asyncio.run(_handle_all(place, _selected(place, numbers), function, decode))
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
    place: _Place,
    letters: Sequence[DeadLetter],
    function: Callable[[Message], Any],
    decode: Callable[[bytes], Any] | None,
) -> list[dict[str, Any]]:
    store, outcomes = _letters_in(place), []
    for letter in letters:
        assert letter.number is not None
        error = await _failure(letter.message, function, decode)
        if error is None:
            store.delete_dead_letters(place.consumer, [letter.number])
        else:
            store.add_dead_letter(place.consumer, replace(letter, error=error, failed_at=datetime.now(UTC)))
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


def _delete(place: _Place, numbers: tuple[int, ...], yes: bool) -> None:
    """Delete events that handlers failed on: these, or all of the consumer. They are not handled again."""
    letters = _selected(place, numbers)
    if letters and not yes:
        text = f"Delete {_counted(len(letters))} of the consumer {place.consumer!r}?"
        click.confirm(text, abort=True, err=True)
    chosen = [letter.number for letter in letters if letter.number is not None]
    _letters_in(place).delete_dead_letters(place.consumer, chosen)
    click.echo(f"{_counted(len(chosen))} deleted.")


def _json(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False, indent=2), json=True)


def _counted(number: int) -> str:
    return f"{number} dead letter{'' if number == 1 else 's'}"
