"""The installed extensions, found by their entry points, and what the environment says of them.

The scan of the installed packages happens once per process, at the first use, never at import time. It imports no
extension: `candidates` does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..hookspecs import PROJECT

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

__all__ = ("Installed", "disabled_names", "find", "find_group", "is_strict")

_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point of the group ``pybayeux``, or of ``pybayeux.hookspecs``.

    Attributes:
        name: The name of the extension.
        dist: The name of the distribution that brings it.
        version: The version of that distribution.
        entry_point: What to load.
    """

    name: str
    dist: str
    version: str
    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"extension {self.name!r} of {self.dist} {self.version}"

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the distribution requires, as its metadata says it; nothing where that is damaged."""
        dist: Any = self.entry_point.dist
        try:
            return tuple(dist.requires or ())
        except Exception:  # damaged metadata; the extension itself may work
            return ()


def find() -> tuple[Installed, ...]:
    """All installed extensions, in the order of their names, then of their distributions. Imports none of them."""
    return find_group(PROJECT)


@cache
def find_group(group: str) -> tuple[Installed, ...]:
    """The entry points of a group, in the order of their names, then of their distributions."""
    # Half of the import time of the whole package, so it is imported when extensions are looked for.
    import importlib_metadata

    found = [_installed(entry_point) for entry_point in importlib_metadata.entry_points(group=group)]
    return tuple(sorted(found, key=lambda each: (each.name, each.dist)))


def _installed(entry_point: EntryPoint) -> Installed:
    dist: Any = entry_point.dist
    try:
        return Installed(entry_point.name, dist.name, dist.version, entry_point)
    except Exception:  # damaged metadata; the extension itself may work
        return Installed(entry_point.name, _UNKNOWN, _UNKNOWN, entry_point)


def disabled_names() -> frozenset[str]:
    """The names in PYBAYEUX_DISABLE_EXTENSIONS; ``all`` stands for every one."""
    names = os.environ.get("PYBAYEUX_DISABLE_EXTENSIONS", "").split(",")
    return frozenset(name.strip() for name in names if name.strip())


def is_strict() -> bool:
    """True where PYBAYEUX_STRICT makes a broken extension an error."""
    return os.environ.get("PYBAYEUX_STRICT", "").strip().lower() in {"1", "true", "yes", "on"}
