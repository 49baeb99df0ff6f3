"""The common part of the commands that change an org: their options, the carrying out of changes, and output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click
import msgspec

from pybayeux import printable

from .org_access import in_org

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from .rest import RestClient
    from .setup_changes import SetupChange

__all__ = (
    "address_argument",
    "dry_run_option",
    "json_option",
    "make_changes",
    "print_json",
    "print_table",
    "words_argument",
)

_CommandT = TypeVar("_CommandT", "Callable[..., Any]", click.Command)


class CommandDecorator(Protocol):
    """Adds an argument or an option to a command."""

    def __call__(self, command: _CommandT, /) -> _CommandT: ...


address_argument: CommandDecorator = click.argument("address", metavar="[URL]", required=False)
words_argument: CommandDecorator = click.argument("words", metavar="[URL] NAME...", nargs=-1, required=True)
json_option: CommandDecorator = click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
dry_run_option: CommandDecorator = click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and change nothing."
)


def make_changes(
    address: str | None, plan: Callable[[RestClient], Awaitable[list[SetupChange]]], *, dry_run: bool, as_json: bool
) -> None:
    """Plan the changes, and make them one after the other. Each is printed when it is made.

    Args:
        address: The org, as in `in_org`.
        plan: Returns the changes.
        dry_run: Print them, and make none.
        as_json: Print those that were made as a list, at the end or where one is refused.

    Raises:
        UsageError: The plan, or the address, is wrong.
        BayeuxError: The login failed, or the org refused.
    """
    made: list[SetupChange] = []

    async def carry_out(rest: RestClient) -> None:
        for change in await plan(rest):
            if not dry_run:
                await change.make(rest)
            made.append(change)
            if not as_json:
                click.echo(_outcome(change, dry_run=dry_run))

    try:
        in_org(address, carry_out)
    finally:
        if as_json:
            print_json([_change_facts(change, dry_run=dry_run) for change in made])


def _outcome(change: SetupChange, *, dry_run: bool) -> str:
    text = printable(change.text)
    if not change.is_needed:
        return f"nothing to do: {text}"
    if not dry_run:
        return f"done: {text}"
    content = "" if change.content is None else f" {printable(json.dumps(change.content), json=True)}"
    return f"would {text}\n  {change.method} {change.path}{content}"


def _change_facts(change: SetupChange, *, dry_run: bool) -> dict[str, Any]:
    return {**change._asdict(), "made": change.is_needed and not dry_run}


def print_table(rows: Sequence[tuple[str, str]]) -> None:
    """Print rows of a name and a text."""
    width = max((len(printable(name)) for name, _ in rows), default=0)
    for name, about in rows:
        click.echo(f"{printable(name):<{width}}  {printable(about)}")


def print_json(values: Iterable[Any]) -> None:
    """Print objects as a list, in JSON."""
    click.echo(printable(msgspec.json.format(msgspec.json.encode(list(values))).decode(), json=True))
