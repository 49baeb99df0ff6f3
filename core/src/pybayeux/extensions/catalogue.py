"""Every hook that an extension may implement: the core's own, and those that installed extensions bring.

A package brings hooks with an entry point of the group ``pybayeux.hookspecs`` that names a class (or module) of
functions marked `hookspec`. So an extension has extensions of its own, found, checked, listed and called as the core's
are. A specification says by its own kind how it is implemented: ``async def`` where implementations may wait, a plain
``def`` where they must not. With ``firstresult=True`` the first result that is not None is the caller's.

The group is read once per process, when somebody implements, calls or lists a hook that is not the core's.
"""

from __future__ import annotations

import inspect
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..errors import BayeuxError, ExtensionError, ExtensionLoadError
from ..hookspecs import HOOK_ARGUMENTS, PROJECT, SYNC_HOOKS, Drop
from .discovery import find_group
from .texts import described

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .discovery import Installed

__all__ = ("BROUGHT", "Bringer", "Shape", "bringers", "forget", "hook_names", "shape_of")

BROUGHT: Final = f"{PROJECT}.hookspecs"
"""The group of the entry points that bring hooks."""

_logger: Final = logging.getLogger("pybayeux.extensions")

_RESULTS: Final[Mapping[str, tuple[type, ...]]] = {
    "outgoing": (Drop,),
    "incoming": (Drop,),
    "redelivers": (bool,),
    "late": (int, float),
    "resolve": (str,),
    "explain": (BayeuxError,),
    "transaction": (AbstractAsyncContextManager,),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What is to be known of a hook in order to check and call it.

    Attributes:
        arguments: The names of its arguments, in order.
        results: What an implementation may return beside None.
        waits: Whether an implementation may be ``async def``.
    """

    arguments: tuple[str, ...]
    results: tuple[type, ...] = ()
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Bringer:
    """An installed package that brings hooks.

    Attributes:
        installed: Where it comes from.
        specification: The class or module; None where there is an error.
        hooks: What it brings, by name.
        error: Why it brings nothing, or None.
    """

    installed: Installed
    specification: object = None
    hooks: Mapping[str, Shape] | None = None
    error: ExtensionError | None = None


_OWN: Final[Mapping[str, Shape]] = {
    name: Shape(arguments, _RESULTS.get(name, ()), waits=name not in SYNC_HOOKS)
    for name, arguments in HOOK_ARGUMENTS.items()
}


def shape_of(hook: str) -> Shape | None:
    """The shape of a hook, or None where there is none of that name."""
    return _OWN.get(hook) or _brought().get(hook)


def hook_names() -> tuple[str, ...]:
    """The names of all hooks, the core's first."""
    return (*_OWN, *_brought())


@cache
def bringers() -> tuple[Bringer, ...]:
    """All packages that bring hooks, in the order of their names; one that is wrong is among them, with its error."""
    found: list[Bringer] = []
    taken: dict[str, str] = dict.fromkeys(_OWN, "pybayeux itself")
    for installed in find_group(BROUGHT):
        bringer = _bringer(installed, taken)
        found.append(bringer)
        taken |= dict.fromkeys(bringer.hooks or (), f"{installed.dist} {installed.version}")
        if bringer.error is not None:
            _logger.warning("%s", bringer.error)
    return tuple(found)


@cache
def _brought() -> Mapping[str, Shape]:
    return {name: shape for bringer in bringers() for name, shape in (bringer.hooks or {}).items()}


def forget() -> None:
    """Have the installed packages looked at anew, as tests need it that install some."""
    bringers.cache_clear()
    _brought.cache_clear()


def _bringer(installed: Installed, taken: Mapping[str, str]) -> Bringer:
    try:
        specification = installed.entry_point.load()
        hooks = dict(_specified(specification, installed.name))
        for name in hooks:
            if name in taken:
                raise ExtensionError(f"hook {name!r} is {taken[name]}'s already", extension=installed.name, hook=name)
    except ExtensionError as error:
        return _broken(installed, str(error), error)
    except (Exception, SystemExit) as error:
        return _broken(installed, described(error), error)
    return Bringer(installed, specification, hooks)


def _broken(installed: Installed, why: str, cause: BaseException) -> Bringer:
    text = f"the hooks of {installed} are left out: {why}"
    error = ExtensionLoadError(text, extension=installed.name, hook=getattr(cause, "hook", None))
    error.__cause__ = cause
    return Bringer(installed, error=error)


def _specified(specification: object, extension: str) -> Iterator[tuple[str, Shape]]:
    is_class = inspect.isclass(specification)
    marked = [(name, value) for name, value in vars(specification).items() if hasattr(value, f"{PROJECT}_spec")]
    if not marked:
        raise ExtensionError("nothing in it is marked with @hookspec", extension=extension)
    for name, function in marked:
        if not inspect.isfunction(function):
            raise ExtensionError(f"{name!r} is marked with @hookspec and is no function", extension=extension)
        yield name, _shape(function, has_self=is_class)


def _shape(function: Any, *, has_self: bool) -> Shape:
    arguments = tuple(inspect.signature(function).parameters)[1 if has_self else 0 :]
    takes_first = getattr(function, f"{PROJECT}_spec")["firstresult"]
    return Shape(arguments, (object,) if takes_first else (), waits=inspect.iscoroutinefunction(function))
