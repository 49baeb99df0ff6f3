"""The installed extensions, found by their entry points, and what the environment says of them.

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
from .distributions import UNKNOWN, BroughtEntry, Distribution, brought_entries, has_metadata
from .names import split_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from importlib_metadata import EntryPoint

__all__ = (
    "DISABLE_VARIABLE",
    "HOOKSPEC_GROUP",
    "ONLY_VARIABLE",
    "ORDER_VARIABLE",
    "Installed",
    "configured_order",
    "disabled_names",
    "find",
    "find_group",
    "forget",
    "is_strict",
    "local_extensions",
    "only_names",
    "set_local_extensions",
    "set_order",
    "warn_once",
)

DISABLE_VARIABLE: Final = "PYBAYEUX_DISABLE_EXTENSIONS"
"""The environment variable with the extensions to leave out."""

ONLY_VARIABLE: Final = "PYBAYEUX_EXTENSIONS"
"""The environment variable with the only extensions to use."""

ORDER_VARIABLE: Final = "PYBAYEUX_EXTENSION_ORDER"
"""The environment variable with the order of extensions."""

HOOKSPEC_GROUP: Final = f"{PROJECT}.hookspecs"
"""The group of the entry points that bring hooks."""

_NO_METADATA: Final = (
    f"{PROJECT} has no package metadata here, as in some frozen programs: no extension can be found by itself; "
    "pass each in extensions=, with discover=False"
)

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point of the group ``pybayeux``, or of ``pybayeux.hookspecs``.

    Attributes:
        name: The name of the extension.
        distribution: What brings it.
        entry_point: What to load.
    """

    name: str
    distribution: Distribution
    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"extension {self.name!r} of {self.distribution}"

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


_order: dict[str, str] = {}


def set_order(names: Iterable[str], file: Path) -> None:
    """Use the order of a configuration file from now on, in place of that before."""
    _order.clear()
    _order.update(dict.fromkeys(names, str(file)))


def configured_order() -> tuple[tuple[str, ...], str]:
    """The names in PYBAYEUX_EXTENSION_ORDER, else those of the configuration file, and which of the two it is."""
    if names := split_names(os.environ.get(ORDER_VARIABLE, "")):
        return names, ORDER_VARIABLE
    return tuple(_order), next(iter(_order.values()), "")


@cache
def find_group(group: str) -> tuple[Installed, ...]:
    """The entry points of a group, in the order of their names, then of their distributions.

    One of a distribution that does not say its name comes last among those of its name: the others go before it.
    """
    found = [_installed(entry) for entry in _scan() if entry.group == group]
    return tuple(sorted(found, key=lambda each: (each.name, each.dist == UNKNOWN, each.dist)))


@cache
def _scan() -> list[BroughtEntry]:
    found = brought_entries((PROJECT, HOOKSPEC_GROUP), warn_once)
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
    _order.clear()
    for cached in (find_group, _scan):
        cached.cache_clear()
    _warned.clear()


def disabled_names() -> frozenset[str]:
    """The names in PYBAYEUX_DISABLE_EXTENSIONS; ``all`` stands for every one."""
    return frozenset(split_names(os.environ.get(DISABLE_VARIABLE, "")))


def only_names() -> tuple[str, ...] | None:
    """The names in PYBAYEUX_EXTENSIONS; None where it is not set or empty."""
    return split_names(os.environ.get(ONLY_VARIABLE, "")) or None


def is_strict() -> bool:
    """True where PYBAYEUX_STRICT makes a broken extension an error."""
    return os.environ.get("PYBAYEUX_STRICT", "").strip().lower() in {"1", "true", "yes", "on"}
