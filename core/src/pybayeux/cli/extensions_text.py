"""The list of the installed extensions as text: a line for each, or all that is known of them."""

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

    from ..extensions.listing import ExtensionInfo, OptionInfo

__all__ = ("print_details", "print_lines")

_WIDEST: Final = 30
_HEADER: Final = ("Extension", "Package", "Hooks", "State")
_COLOURS: Final = {
    "active": "green",
    "disabled": "bright_black",
    "not configured": "yellow",
    "incompatible": "bold red",
    "broken": "bold red",
}


def print_lines(found: Sequence[ExtensionInfo]) -> None:
    """Print a line for each. On a terminal, it is cut off where it does not fit."""
    rows = [tuple(map(printable, (each.name, _package(each), _count(each), _reason(each)))) for each in found]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    if not _is_terminal():
        for row in (_HEADER, *rows):
            click.echo("  ".join(map(str.ljust, row, widths)).rstrip())
        return
    console, styles = Console(), ["", *(_COLOURS[each.state] for each in found)]
    for (*columns, state), style in zip((_HEADER, *rows), styles, strict=True):
        cells = [_cell(text, min(width, _WIDEST)) for text, width in zip(columns, widths, strict=False)]
        console.print(Text("  ").join([*cells, Text(state, style)]), no_wrap=True, overflow="ellipsis")
    click.echo("\nWith names, or --long: hooks and options, too. --why NAME explains one.")


def _count(extension: ExtensionInfo) -> str:
    """How many hooks it implements; nothing is known of one that was not loaded."""
    return str(len(extension.hooks) or "-")


def _cell(text: str, width: int) -> Text:
    cell = Text(text)
    cell.truncate(width, overflow="ellipsis", pad=True)
    return cell


def print_details(found: Sequence[ExtensionInfo]) -> None:
    """Print all that is known of each: a table on a terminal, and one thing in a line elsewhere."""
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
    yield printable(f"{extension.name}: {_reason(extension)}")
    yield printable(f"  package: {_package(extension)}")
    if extension.order is not None:
        yield f"  order: {extension.order}"
    if extension.hooks:
        yield f"  hooks: {', '.join(extension.hooks)}"
    if extension.brings:
        yield f"  brings: {', '.join(extension.brings)}"
    if extension.commands:
        yield printable(f"  commands: {', '.join(extension.commands)}")
    for option in extension.options:
        yield printable(f"  option {_option(option).plain}")


def _name(extension: ExtensionInfo) -> Text:
    package = Text(printable(_package(extension)))
    hooks = [Text(hook, "dim") for hook in extension.hooks]
    brought = [Text(f"brings {hook}", "dim italic") for hook in extension.brings]
    commands = [Text(printable(f"command {name}"), "dim italic") for name in extension.commands]
    return _lines([Text(printable(extension.name), "bold"), package, *hooks, *brought, *commands])


def _package(extension: ExtensionInfo) -> str:
    return f"{extension.dist} {extension.version}".rstrip()


def _reason(extension: ExtensionInfo) -> str:
    """The state, and why it is not active; once, where both are one word."""
    return ": ".join(dict.fromkeys(filter(None, (extension.state, extension.reason))))


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
