"""The sub-commands that installed packages name: entry points of the group ``pybayeux.commands``.

Owns which package names which command, and the import of a command when it runs. The name of the entry point is that of
the command, so listing them imports nothing. A package names all of its commands there, or ``none``: then the command
line need not load its extensions to ask them for commands. It does not know what a command does.
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ..errors import ExtensionLoadError
from .discovery import COMMAND_GROUP, find, find_group, local_extensions, warn_once

if TYPE_CHECKING:
    from .discovery import Installed

__all__ = ("NO_COMMANDS", "command_entries", "commands_of", "load_command", "may_add_commands", "source_of", "unasked")

NO_COMMANDS: Final = "none"
"""The name of the entry point of a package without sub-commands."""


def command_entries() -> dict[str, Installed]:
    """The sub-commands by their names. Where two packages have one of a name, a warning says which is left out."""
    found: dict[str, Installed] = {}
    for entry in find_group(COMMAND_GROUP):
        if entry.name == NO_COMMANDS:
            continue
        owner = found.setdefault(entry.name, entry)
        if owner is not entry:
            warn_once(f"{entry} is left out: {owner.distribution} has a command of that name already")
    return dict(sorted(found.items()))


def may_add_commands(installed: Installed) -> bool:
    """Whether an extension has to be loaded to see whether it adds commands: its package names none."""
    return installed.distribution not in {each.distribution for each in find_group(COMMAND_GROUP)}


def commands_of(installed: Installed) -> tuple[str, ...]:
    """The names of the sub-commands that the package of an extension names."""
    entries = command_entries().values()
    return tuple(each.name for each in entries if each.distribution == installed.distribution)


def unasked() -> tuple[Installed, ...]:
    """The extensions that have to be loaded to see whether they add commands."""
    return tuple(filter(may_add_commands, (*find(), *local_extensions())))


def load_command(entry: Installed) -> Any:
    """Import what an entry point names.

    Raises:
        ExtensionLoadError: It cannot be imported, or its package requires another version of this one.
    """
    from .candidates import misfit_of
    from .result_policy import format_exception

    if (misfit := misfit_of(entry)) is not None:
        raise misfit
    try:
        return entry.entry_point.load()
    except Exception as error:
        why = f"{entry} cannot be loaded: {format_exception(error)}"
        raise ExtensionLoadError(why, extension=entry.name) from error


def source_of(module: str) -> str | None:
    """The source of a module, without importing it or its packages; None where it cannot be had."""
    try:
        package, *rest = module.split(".")
        spec, name = find_spec(package), package
        for part in rest:
            name = f"{name}.{part}"
            places = None if spec is None else spec.submodule_search_locations
            spec = None if places is None else PathFinder.find_spec(name, places)
        return None if spec is None or spec.loader is None else _text(spec.loader, name)
    except Exception:  # a finder or loader of another kind
        return None


def _text(loader: Any, name: str) -> str | None:
    found = loader.get_source(name)
    return found if isinstance(found, str) else None
