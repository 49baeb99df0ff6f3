"""What is behind the entry point of an extension: its import and its check, once per process.

A failure belongs to one extension: it is kept beside it and takes nothing else down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..errors import ExtensionError, ExtensionLoadError
from .texts import described
from .validation import implemented_hooks

if TYPE_CHECKING:
    from .discovery import Installed

__all__ = ("Loaded", "load")


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
