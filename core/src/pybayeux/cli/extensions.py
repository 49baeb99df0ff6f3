"""`pybayeux extensions`: the installed extensions with their states, hooks and options."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._printable import printable
from ..extensions import list_extensions
from .arguments import CliOptions
from .options import extension_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..extensions import ExtensionInfo
    from ..extensions.listing import OptionInfo

__all__ = ("extensions",)

_COLOURS: Final = {
    "active": "green",
    "disabled": "bright_black",
    "not configured": "yellow",
    "incompatible": "bold red",
    "broken": "bold red",
}

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
        _print(found)
    else:
        click.echo("No extensions are installed. Try: pip install pybayeux-replay")


def _find(cli_options: CliOptions) -> list[ExtensionInfo]:
    with redirect_stdout(sys.stderr):  # an extension may print when it is imported
        found = list_extensions(cli_options.readable_options(), disabled=cli_options.disabled)
    return [replace(each, reason=cli_options.redact(each.reason)) for each in found]


def _print(found: Sequence[ExtensionInfo]) -> None:
    if not _is_terminal():
        click.echo("\n\n".join("\n".join(_plain(each)) for each in found))
        return
    table = Table("Extension, package, hooks", "State", "Options", show_lines=True)
    for each in found:
        table.add_row(_name(each), _state(each), _lines(map(_option, each.options)))
    Console().print(table)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _plain(extension: ExtensionInfo) -> Iterator[str]:
    """One thing per line, for pipes: no frame, and no line is broken."""
    name = f"{extension.name}: {extension.state}"
    yield printable(f"{name}: {extension.reason}" if extension.reason else name)
    yield printable(f"  package: {extension.dist} {extension.version}".rstrip())
    if extension.order is not None:
        yield f"  order: {extension.order}"
    if extension.hooks:
        yield f"  hooks: {', '.join(extension.hooks)}"
    if extension.brings:
        yield f"  brings: {', '.join(extension.brings)}"
    for option in extension.options:
        yield printable(f"  option {_option(option).plain}")


def _name(extension: ExtensionInfo) -> Text:
    package = Text(printable(f"{extension.dist} {extension.version}"))
    hooks = [Text(hook, "dim") for hook in extension.hooks]
    brought = [Text(f"brings {hook}", "dim italic") for hook in extension.brings]
    return _lines([Text(printable(extension.name), "bold"), package, *hooks, *brought])


def _state(extension: ExtensionInfo) -> Text:
    state = Text(extension.state, _COLOURS[extension.state])
    order = [] if extension.order is None else [Text(f"order {extension.order}", "dim")]
    reason = [Text(printable(extension.reason))] if extension.reason else []
    return _lines([state, *order, *reason])


def _option(option: OptionInfo) -> Text:
    value: tuple[str, str] = ("(required)", "italic")
    if option.source == "default":
        value = (f"= {_shown(option.value)}", "dim")
    elif option.source:
        value = (f"= {_shown(option.value)} (from {option.source})", "bold")
    return Text.assemble(option.name, f": {option.type}" if option.type else "", " ", value)


def _shown(value: object) -> str:
    return value if isinstance(value, str) and value else repr(value)


def _lines(texts: Iterable[Text]) -> Text:
    return Text("\n").join(texts)
