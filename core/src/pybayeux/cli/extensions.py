"""`pybayeux extensions`: the installed extensions with their states, hooks and options."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click
import msgspec

from .._printable import printable
from ..extensions import list_extensions
from .arguments import CliOptions
from .options import extension_options

if TYPE_CHECKING:
    from ..extensions import ExtensionInfo

__all__ = ("extensions",)

_EPILOG: Final = """
\b
Examples:
  pybayeux extensions
      List all installed extensions, and whether a client would use them here.
  pybayeux extensions -x auth.token=... -p no:ack
      See what these options would change.
  pybayeux extensions --json | jq -r '.[] | select(.state == "broken") | .reason'
      See what is wrong.
\b
States:
  active          Every client uses it.
  not configured  A required option is missing.
  disabled        Left out by -p no:NAME, PYBAYEUX_DISABLE_EXTENSIONS or PYBAYEUX_EXTENSIONS.
  incompatible    Its package requires another version of pybayeux than the one installed.
  broken          It cannot be loaded, or an option is wrong.
\b
A hook that a package "brings" is one that other extensions can implement, like the hooks of the core.
Options are set with -x, as PYBAYEUX_<EXTENSION>_<OPTION> in the environment, or in a file: pybayeux.toml with a
table [<extension>], or pyproject.toml with [tool.pybayeux.<extension>]. The list has the values in use, and where
each comes from; secrets are masked. Extensions without a package are named in a table [local-extensions] of that file:
tenant = "tenant_rules:Tenant".
A list order = ["encrypt", "compress"] in that file, or PYBAYEUX_EXTENSION_ORDER=encrypt,compress, names those that come
first, nearest to the wire. The list has the place of each that is active.
"""


@click.command(epilog=_EPILOG, short_help="List the installed extensions, their states and options.")
@extension_options
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
@click.pass_context
def extensions(context: click.Context, as_json: bool) -> None:
    """List the installed extensions with their packages, states, hooks and options."""
    found = _find(context.ensure_object(CliOptions))
    if as_json:
        click.echo(printable(msgspec.json.format(msgspec.json.encode(found)).decode(), json=True))
    elif found:
        from .extensions_text import print_extensions  # with it rich: slow to import

        print_extensions(found)
    else:
        click.echo("No extensions are installed. Try: pip install pybayeux-replay")


def _find(cli_options: CliOptions) -> list[ExtensionInfo]:
    with redirect_stdout(sys.stderr):  # an extension may print when it is imported
        found = list_extensions(cli_options.readable_options(), disabled=cli_options.disabled)
    return [replace(each, reason=cli_options.redact(each.reason)) for each in found]
