"""The command `pybayeux salesforce types`: arguments, help, and the file that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pybayeux.errors import UsageError

from .event_schema import read_event
from .event_types import render_types
from .org_access import EXIT_CODES, in_org, split_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .event_schema import EventDescription
    from .rest import RestClient

__all__ = ("types",)

_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce types Account Order__e -o events.py
  pybayeux salesforce types Account Order__e -o events.py --check
      Fail if the org has changed since events.py was written, for example in CI.
\b
In a program:
  from events import AccountChangeEvent
  client.subscribe("/data/AccountChangeEvent", type=AccountChangeEvent)
{EXIT_CODES}"""


@click.command(epilog=_EPILOG)
@click.argument("words", metavar="[URL] NAME...", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The file to write."
)
@click.option("--text-picklists", is_flag=True, help="Make restricted picklists text, not a Literal of their values.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the file would change.")
@click.pass_context
def types(
    context: click.Context, words: tuple[str, ...], output: Path | None, text_picklists: bool, check: bool
) -> None:
    """Write Python types of events, from the fields that the org has now.

    NAME is an object, for its change events (Account, Emp__c), or an event (Order__e). Without --output the source goes
    to standard output. A file that is up to date is not written. It takes one API request for each name.
    """
    address, names = split_address(words)
    if not names:
        raise UsageError("expected the name of an object or event after the address, such as Account")
    if check and output is None:
        raise UsageError("--check: expected --output, the file to compare with")
    events = in_org(address, lambda rest: _read(rest, names))
    source = render_types(events, literals=not text_picklists)
    if output is None:
        click.echo(source, nl=False)
        return
    if _is(output, source):
        click.echo(f"{output} is up to date", err=True)
    elif check:
        click.echo(f"{output} is not up to date: write it again without --check", err=True)
        context.exit(1)
    else:
        output.write_text(source, encoding="utf-8")
        click.echo(f"{output}: wrote the types of {', '.join(sorted(each.name for each in events))}", err=True)


def _is(path: Path, source: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == source
    except (FileNotFoundError, UnicodeDecodeError):
        return False


async def _read(rest: RestClient, names: Sequence[str]) -> list[EventDescription]:
    return [await read_event(rest, name) for name in dict.fromkeys(names)]
