"""Sub-commands that are imported when they run.

Owns the stand-in of a command: its name, and its line in the list of commands, which is read from the source of its
module. So neither the help nor the completion of the shell imports a command that was not asked for.
"""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import UsageError
from ..extensions.command_entries import load_command, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..extensions.discovery import Installed

__all__ = ("LazyCommand", "installed_command", "own_command")


class LazyCommand(click.Command):
    """Stands for a command until it is needed.

    Args:
        name: The name of the command.
        place: Where it is, as ``module:attribute``.
        load: Imports it.
    """

    def __init__(self, name: str, place: str, load: Callable[[], Any]) -> None:
        super().__init__(name)
        self._place: Final = place
        self._load: Final = load
        self._command: click.Command | None = None

    def load(self) -> click.Command:
        """The command itself.

        Raises:
            ExtensionLoadError: It cannot be imported.
            UsageError: What is imported is not a command.
        """
        if self._command is None:
            found = self._load()
            if not isinstance(found, click.Command):
                raise UsageError(
                    f"command {self.name!r}: expected a click command at {self._place}; got {type(found).__name__}"
                )
            self._command = found
        return self._command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments, as the command itself does: from here on, it takes the place of this one."""
        return self.load().make_context(info_name, args, parent, **extra)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The line in the list of commands. A command whose source does not show it is loaded."""
        module, _, attribute = self._place.partition(":")
        written = None if self._command is not None else _written_help(source_of(module), attribute)
        if written is not None:
            return click.Command(self.name, help=written[1], short_help=written[0]).get_short_help_str(limit)
        try:
            return self.load().get_short_help_str(limit)
        except Exception as error:  # the list shows what is wrong, beside the other commands
            return f"cannot be loaded: {type(error).__name__}"


def own_command(name: str, module: str = "") -> LazyCommand:
    """One of the core's own, in a module of this package; without one, in that of its name."""
    attribute = name.replace("-", "_")
    module = f"{__package__}.{module or attribute}"
    return LazyCommand(name, f"{module}:{attribute}", lambda: getattr(import_module(module), attribute))


def installed_command(entry: Installed) -> LazyCommand:
    """One that an installed package names."""
    return LazyCommand(entry.name, entry.entry_point.value, lambda: load_command(entry))


def _written_help(source: str | None, attribute: str) -> tuple[str | None, str | None] | None:
    """``short_help`` and ``help``, or the docstring, of a command in a module's source; None where neither is seen."""
    try:
        statements = ast.parse(source or "").body
    except SyntaxError:
        return None
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and statement.name == attribute:
            return _texts_of(statement.decorator_list, ast.get_docstring(statement))
        if isinstance(statement, ast.Assign) and [attribute] == [ast.unparse(each) for each in statement.targets]:
            return _texts_of([statement.value], None)
    return None


def _texts_of(expressions: Iterable[ast.expr], docstring: str | None) -> tuple[str | None, str | None] | None:
    """The texts in a call such as ``click.command(short_help="...")``; the ``help`` of an option is none of them."""
    calls = [each for each in expressions if isinstance(each, ast.Call)]
    makers = [each for each in calls if ast.unparse(each.func).lower().endswith(("command", "group"))]
    texts = {each.arg: each.value for call in makers for each in call.keywords}
    short, long = _text(texts.get("short_help")), _text(texts.get("help")) or docstring
    return (short, long) if short or long else None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
