"""The names of extensions on the command line, for the completion of a shell.

Owns the forms that ``-p``, ``-x`` and ``--why`` take. The names come from the metadata of packages and from the
configuration file: it imports no extension, so it does not know their options.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..extensions.config import read_config
from ..extensions.discovery import find, local_extensions
from ..extensions.names import ALL

if TYPE_CHECKING:
    import click

__all__ = ("complete_choice", "complete_names", "complete_value")


def complete_names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The names that begin so."""
    return [name for name in _names() if name.startswith(begun)]


def complete_choice(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The values of ``-p`` that begin so: ``no:name`` and ``only:name``."""
    names = _names()
    choices = [f"no:{name}" for name in (ALL, *names)] + [f"only:{name}" for name in names]
    return [choice for choice in choices if choice.startswith(begun)]


def complete_value(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The names with the dot that follows in a value of ``-x``, ``name.option=value``."""
    return [f"{name}." for name in _names() if f"{name}.".startswith(begun)]


def _names() -> list[str]:
    with suppress(UsageError):  # a command says so; here it would be written into the line that is typed
        read_config()
    return sorted({each.name for each in (*find(), *local_extensions())})
