"""`pybayeux extensions`: the installed extensions with their states, hooks and options, and why one acts or not."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from .._printable import printable
from ..extensions.candidates import unknown_extension
from ..extensions.expected import differences, frozen, read_expected
from ..extensions.listing import list_extensions
from ..extensions.names import canonical
from ..extensions.wanted import warn_of_unknown_only
from .arguments import CliOptions
from .extension_names import complete_names
from .failures import Failure, WrongUsage
from .options import extension_options

if TYPE_CHECKING:
    from ..extensions.listing import ExtensionInfo

__all__ = ("extensions",)

_EPILOG: Final = """
\b
Examples:
  pybayeux extensions
      List all installed extensions, and whether a client would use them here.
  pybayeux extensions replay auth
      List the hooks of these two, their options, and where the values come from.
  pybayeux extensions -x auth.token=... -p no:ack
      See what these options would change.
  pybayeux extensions --why replay
      See where it comes from, what it does and in which place, where its options come from, and what it costs.
  pybayeux extensions --freeze > extensions.lock
      Keep what is installed. With PYBAYEUX_EXPECTED_EXTENSIONS=extensions.lock, no client starts if it is different.
  pybayeux extensions --check extensions.lock
      See what has appeared, vanished or changed its version since then.
  pybayeux extensions --json | jq -r '.[] | select(.state == "broken") | .reason'
      See what is wrong.
\b
States:
  active          Every client uses it.
  not configured  A required option is missing.
  disabled        Left out by -p, PYBAYEUX_DISABLE_EXTENSIONS, PYBAYEUX_EXTENSIONS or a list "only" in the file.
  incompatible    Its package requires another version of pybayeux than the one installed.
  broken          It cannot be loaded, or an option is wrong.
\b
A hook that a package "brings" is one that other extensions can implement, like the hooks of the core.
Options are set with -x, as PYBAYEUX_<EXTENSION>_<OPTION> in the environment, or in a file: pybayeux.toml with a
table [<extension>], or pyproject.toml with [tool.pybayeux.<extension>]. --long has the values in use, and where
each comes from; secrets are masked. Extensions without a package are named in a table [local-extensions] of that file:
tenant = "tenant_rules:Tenant".
A list order = ["encrypt", "compress"] in that file, or PYBAYEUX_EXTENSION_ORDER=encrypt,compress, names those that come
first, nearest to the wire. --long has the place of each that is active.
A list only = ["replay", "ack"] in that file, or PYBAYEUX_EXTENSIONS=replay,ack, names the only ones to use.
An extension whose package names no commands is loaded for pybayeux --help, to ask it for some; --why says so.
expected = "extensions.lock" there has the command line check what is installed before it connects.
\b
Exit codes:
  0    Done, or the reader of the output has closed it.
  1    With --check: something is different; the output says what.
  2    Wrong usage, or a file that cannot be read.
  130  Interrupted by Ctrl-C.
"""


@click.command(epilog=_EPILOG, short_help="List the installed extensions, their states and options.")
@extension_options
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_names)
@click.option("--long", "is_long", is_flag=True, help="List hooks and options, too. It is the default with a NAME.")
@click.option(
    "--why",
    "name",
    metavar="NAME",
    shell_complete=complete_names,
    help="Explain one extension: origin, hooks, place, options, cost.",
)
@click.option("--freeze", is_flag=True, help="Write names, packages and versions to standard output, for --check.")
@click.option(
    "--check", "file", metavar="FILE", type=click.Path(path_type=Path), help="Compare with a file that --freeze wrote."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON: a list of objects, or one object with --why.")
@click.pass_context
def extensions(
    context: click.Context,
    names: tuple[str, ...],
    is_long: bool,
    name: str | None,
    freeze: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """List the installed extensions, or those with a NAME, with their packages and states."""
    cli_options = context.ensure_object(CliOptions)
    if (name is not None) + freeze + (file is not None) + bool(names or is_long) > 1:
        raise WrongUsage("expected one of --why, --freeze, --check, and names or --long")
    if name is not None:
        _explain(name, cli_options, as_json)
        return
    found = _find(cli_options)
    if freeze:
        click.echo(frozen(found), nl=False)
    elif file is not None:
        _check(file, found, as_json)
    else:
        _list(_chosen(found, names), as_json, is_long=is_long or bool(names))


def _chosen(found: list[ExtensionInfo], names: tuple[str, ...]) -> list[ExtensionInfo]:
    known = [each.name for each in found]
    for name in names:
        if canonical(name) not in map(canonical, known):
            raise WrongUsage(f"extension {name!r}: {unknown_extension(name, known)}")
    wanted = set(map(canonical, names))
    return [each for each in found if not names or canonical(each.name) in wanted]


def _list(found: list[ExtensionInfo], as_json: bool, *, is_long: bool) -> None:
    if as_json:
        _write_json(found)
    elif found:
        from .extensions_text import print_details, print_lines  # with it rich: slow to import

        (print_details if is_long else print_lines)(found)
    else:
        click.echo("No extensions are installed. Try: pip install pybayeux-replay")


def _explain(name: str, cli_options: CliOptions, as_json: bool) -> None:
    from .. import client  # noqa: F401 - what every client imports is no cost of the extension
    from ..extensions.explanation import explain
    from .explanation_text import lines_of

    with redirect_stdout(sys.stderr):
        found = explain(name, cli_options.readable_options(), disabled=cli_options.disabled)
    warn_of_unknown_only()
    redacted = replace(found.extension, reason=cli_options.redact(found.extension.reason))
    found = replace(found, extension=redacted, decision=cli_options.redact(found.decision))
    if as_json:
        _write_json(found)
    else:
        click.echo("\n".join(map(printable, lines_of(found))))


def _check(file: Path, found: list[ExtensionInfo], as_json: bool) -> None:
    changes = differences(read_expected(file), found)
    if as_json:
        _write_json(changes)
    else:
        click.echo("\n".join(printable(each.text) for each in changes) or "All extensions are as expected.")
    if changes:
        raise click.exceptions.Exit(Failure.exit_code)


def _write_json(found: object) -> None:
    click.echo(printable(msgspec.json.format(msgspec.json.encode(found)).decode(), json=True))


def _find(cli_options: CliOptions) -> list[ExtensionInfo]:
    with redirect_stdout(sys.stderr):  # an extension may print when it is imported
        found = list_extensions(cli_options.readable_options(), disabled=cli_options.disabled)
    warn_of_unknown_only()
    return [replace(each, reason=cli_options.redact(each.reason)) for each in found]
