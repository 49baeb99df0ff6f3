"""The list of the installed extensions as text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..extensions import ExtensionInfo
    from ..extensions.listing import OptionInfo

__all__ = ("print_extensions",)

_COLOURS: Final = {
    "active": "green",
    "disabled": "bright_black",
    "not configured": "yellow",
    "incompatible": "bold red",
    "broken": "bold red",
}


def print_extensions(found: Sequence[ExtensionInfo]) -> None:
    """Print a table on a terminal, and one thing in a line elsewhere."""
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
