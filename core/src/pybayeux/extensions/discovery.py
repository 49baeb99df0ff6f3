"""Which extensions are installed, and what is behind their entry points.

The scan of the installed packages and the import of each extension happen once per process, at the first use, never at
import time. A failure belongs to one extension: it is kept beside it and takes nothing else down.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..errors import ExtensionError, ExtensionLoadError
from ..hookspecs import PROJECT
from .texts import described
from .validation import implemented_hooks

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

__all__ = ("Installed", "Loaded", "disabled_names", "find", "is_strict", "load")

_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point of the group ``pybayeux``.

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


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is behind an entry point.

    Attributes:
        target: A class, a module or an instance; None where there is an error.
        hooks: The names of the hooks it implements.
        error: Why it cannot be used, or None.
    """

    target: object = None
    hooks: tuple[str, ...] = ()
    error: ExtensionError | None = None


@cache
def find() -> tuple[Installed, ...]:
    """All installed extensions, in the order of their names, then of their distributions. Imports none of them."""
    # Half of the import time of the whole package, so it is left to those who look for extensions.
    import importlib_metadata

    found = [_installed(entry_point) for entry_point in importlib_metadata.entry_points(group=PROJECT)]
    return tuple(sorted(found, key=lambda each: (each.name, each.dist)))


def _installed(entry_point: EntryPoint) -> Installed:
    dist: Any = entry_point.dist
    try:
        return Installed(entry_point.name, dist.name, dist.version, entry_point)
    except Exception:  # damaged metadata; the extension itself may work
        return Installed(entry_point.name, _UNKNOWN, _UNKNOWN, entry_point)


@cache
def load(installed: Installed) -> Loaded:
    """Import what is behind an entry point and check its hooks."""
    try:
        target = installed.entry_point.load()
        return Loaded(target, implemented_hooks(target, installed.name))
    except ExtensionError as error:
        return Loaded(error=_load_error(f"{error} ({installed.dist} {installed.version})", installed, error))
    except (Exception, SystemExit) as error:
        return Loaded(error=_load_error(f"{installed} cannot be loaded: {described(error)}", installed, error))


def _load_error(text: str, installed: Installed, cause: BaseException) -> ExtensionLoadError:
    error = ExtensionLoadError(text, extension=installed.name, hook=getattr(cause, "hook", None))
    error.__cause__ = cause
    return error


def disabled_names() -> frozenset[str]:
    """The names in PYBAYEUX_DISABLE_EXTENSIONS; ``all`` stands for every one."""
    names = os.environ.get("PYBAYEUX_DISABLE_EXTENSIONS", "").split(",")
    return frozenset(name.strip() for name in names if name.strip())


def is_strict() -> bool:
    """True where PYBAYEUX_STRICT makes a broken extension an error."""
    return os.environ.get("PYBAYEUX_STRICT", "").strip().lower() in {"1", "true", "yes", "on"}
