"""The installed extensions, found by their entry points.

The scan of the installed packages happens once per process, at the first use, never at import time. It imports no
extension: `candidates` does.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from ..hookspecs import PROJECT
from . import choices
from .distributions import UNKNOWN, BroughtEntry, Distribution, brought_entries, has_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from importlib_metadata import EntryPoint

__all__ = (
    "COMMAND_GROUP",
    "HOOKSPEC_GROUP",
    "Installed",
    "find",
    "find_group",
    "forget",
    "is_strict",
    "local_extensions",
    "set_local_extensions",
    "warn_once",
)

HOOKSPEC_GROUP: Final = f"{PROJECT}.hookspecs"
"""The group of the entry points that bring hooks."""

COMMAND_GROUP: Final = f"{PROJECT}.commands"
"""The group of the entry points that name sub-commands."""

_NO_METADATA: Final = (
    f"{PROJECT} has no package metadata here, as in some frozen programs: no extension can be found by itself; "
    "pass each in extensions=, with discover=False"
)

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point of the group ``pybayeux``, ``pybayeux.hookspecs`` or ``pybayeux.commands``.

    Attributes:
        name: The name of the extension, or of the command.
        distribution: What brings it.
        entry_point: What to load.
    """

    name: str
    distribution: Distribution
    entry_point: EntryPoint

    def __str__(self) -> str:
        kind = "command" if self.entry_point.group == COMMAND_GROUP else "extension"
        return f"{kind} {self.name!r} of {self.distribution}"

    @property
    def dist(self) -> str:
        """The name of the distribution that brings it."""
        return self.distribution.name

    @property
    def version(self) -> str:
        """The version of that distribution."""
        return self.distribution.version

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the distribution requires, as its metadata says it; nothing where that is damaged."""
        return self.distribution.requirements


def find() -> tuple[Installed, ...]:
    """All installed extensions, in the order of their names, then of their distributions. Imports none of them."""
    return find_group(PROJECT)


_local: list[Installed] = []


def local_extensions() -> tuple[Installed, ...]:
    """The extensions without a package that a configuration file names."""
    return tuple(_local)


def set_local_extensions(targets: Mapping[str, str], file: Path) -> None:
    """Use these extensions from now on, as if packages brought them, in place of those before.

    Args:
        targets: From the name of an extension to ``module:attribute``.
        file: The configuration file; its folder is where modules are looked for.
    """
    from importlib_metadata import EntryPoint

    distribution = Distribution(str(file), "", str(file), None)
    _local[:] = [
        Installed(name, distribution, EntryPoint(name, target, PROJECT)) for name, target in sorted(targets.items())
    ]
    folder = str(file.parent)
    if _local and folder not in sys.path:
        sys.path.insert(0, folder)


@cache
def find_group(group: str) -> tuple[Installed, ...]:
    """The entry points of a group, in the order of their names, then of their distributions.

    One of a distribution that does not say its name comes last among those of its name: the others go before it.
    """
    found = [_installed(entry) for entry in _scan() if entry.group == group]
    return tuple(sorted(found, key=lambda each: (each.name, each.dist == UNKNOWN, each.dist)))


@cache
def _scan() -> list[BroughtEntry]:
    found = brought_entries((PROJECT, HOOKSPEC_GROUP, COMMAND_GROUP), warn_once)
    if not found and not has_metadata(PROJECT):
        warn_once(_NO_METADATA)
    return found


def _installed(entry: BroughtEntry) -> Installed:
    from importlib_metadata import EntryPoint

    return Installed(entry.name, entry.distribution, EntryPoint(entry.name, entry.value, entry.group))


_warned: Final[set[str]] = set()


def warn_once(what: Exception | str, file: str = "") -> None:
    """Log a warning, once per process: each client finds the same packages. An error is an argument of the record."""
    text, *arguments = ("%s [%s]", what, file) if file else ("%s", what)
    if (told := text % tuple(arguments)) not in _warned:
        _warned.add(told)
        _logger.warning(text, *arguments)


def forget() -> None:
    """Forget what is installed, for tests that install packages."""
    _local.clear()
    choices.forget()
    for cached in (find_group, _scan):
        cached.cache_clear()
    _warned.clear()


def is_strict() -> bool:
    """True where PYBAYEUX_STRICT makes a broken extension an error."""
    return os.environ.get("PYBAYEUX_STRICT", "").strip().lower() in {"1", "true", "yes", "on"}
