"""Every hook that an extension may implement: the core's own, and those that installed packages bring.

Reads each fact about a hook from its specification: arguments, results, whether it may wait, order, errors. The core's
are in `pybayeux.hookspecs`. A package brings hooks with an entry point of the group ``pybayeux.hookspecs`` that names
a class or module of functions marked `hookspec`; they are found, checked, listed and called as the core's are.

The group is read once per process, when a hook that is not the core's is implemented, called or listed.

A program without metadata (frozen, vendored) has no entry points. So an extension that is passed by hand brings its
hooks too, by an attribute ``pybayeux_hookspecs`` that names the same class or module.
"""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pluggy

from ..errors import ExtensionError, ExtensionLoadError
from ..hookspecs import PROJECT, HookRule, HookSpecs
from .discovery import HOOKSPEC_GROUP, find_group, warn_once
from .discovery import forget as forget_installed
from .result_policy import format_exception

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .discovery import Installed

__all__ = (
    "HookManager",
    "HookProvider",
    "HookSignature",
    "bring_hooks",
    "core_hooks",
    "forget",
    "hook_names",
    "hook_providers",
    "signature_of",
)

_ANY_RESULT: Final = (object,)
_UNIONS: Final = (typing.Union, types.UnionType)


class HookManager(pluggy.PluginManager):
    """Pluggy's plugin manager with the core's hooks: it registers and orders their implementations."""

    def __init__(self) -> None:
        super().__init__(PROJECT)
        self.add_hookspecs(HookSpecs)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """The marker of an attribute, or None."""
        # Most attributes of an object are Python's own, and looking at one costs pluggy ten microseconds.
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


@dataclass(frozen=True, slots=True)
class HookSignature:
    """What a specification says of its hook.

    Attributes:
        arguments: The names of its arguments, in order.
        results: The types of what an implementation may return beside None.
        waits: Whether an implementation may be ``async def``.
        rule: The order of the call, and what becomes of an exception.
    """

    arguments: tuple[str, ...]
    results: tuple[type, ...]
    waits: bool
    rule: HookRule


@dataclass(frozen=True, slots=True)
class HookProvider:
    """An installed package that brings hooks.

    Attributes:
        installed: Where it comes from.
        specification: The class or module; None where there is an error.
        hooks: What it brings, by name.
        error: Why it brings nothing, or None.
    """

    installed: Installed
    specification: object = None
    hooks: Mapping[str, HookSignature] | None = None
    error: ExtensionError | None = None


@cache
def core_hooks() -> Mapping[str, HookSignature]:
    """The core's own hooks by their names, in the order of `HookSpecs`."""
    return dict(_specified(HookSpecs, PROJECT))


def signature_of(hook: str) -> HookSignature | None:
    """The signature of a hook, or None where no specification has that name."""
    return core_hooks().get(hook) or _passed.get(hook) or _provided().get(hook)


def hook_names() -> tuple[str, ...]:
    """The names of all hooks, the core's first."""
    return tuple(dict.fromkeys((*core_hooks(), *_passed, *_provided())))


@cache
def hook_providers() -> tuple[HookProvider, ...]:
    """All packages that bring hooks, in the order of their names; one that is wrong is among them, with its error."""
    found: list[HookProvider] = []
    taken: dict[str, str] = dict.fromkeys(core_hooks(), "pybayeux itself")
    for installed in find_group(HOOKSPEC_GROUP):
        provider = _provider(installed, taken)
        found.append(provider)
        taken |= dict.fromkeys(provider.hooks or (), f"{installed.dist} {installed.version}")
        if provider.error is not None:
            warn_once(provider.error, installed.distribution.file)
    return tuple(found)


@cache
def _provided() -> Mapping[str, HookSignature]:
    return {name: found for provider in hook_providers() for name, found in (provider.hooks or {}).items()}


_passed: Final[dict[str, HookSignature]] = {}
"""The hooks of extensions that were passed by hand. A specification never changes, so they are kept."""


def bring_hooks(extension: object) -> None:
    """Know the hooks that a passed extension names by its attribute ``pybayeux_hookspecs``, if it does.

    Raises:
        ExtensionError: They are no specifications, or the name of one is another's already.
    """
    specification = inspect.getattr_static(extension, "pybayeux_hookspecs", None)
    if specification is None:
        return
    brought = dict(_specified(specification, type(extension).__name__))
    for name, signature in brought.items():
        if name in core_hooks() or _passed.get(name, signature) != signature:
            raise ExtensionError(f"hook {name!r} is another's already", extension=type(extension).__name__, hook=name)
    _passed.update(brought)


def forget() -> None:
    """Forget what is installed, for tests that install packages."""
    forget_installed()
    _passed.clear()
    hook_providers.cache_clear()
    _provided.cache_clear()


def _provider(installed: Installed, taken: Mapping[str, str]) -> HookProvider:
    try:
        specification = installed.entry_point.load()
        hooks = dict(_specified(specification, installed.name))
        for name in hooks:
            if name in taken:
                raise ExtensionError(f"hook {name!r} is {taken[name]}'s already", extension=installed.name, hook=name)
    except ExtensionError as error:
        return _broken(installed, str(error), error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also a panic of a native module
        return _broken(installed, format_exception(error), error)
    return HookProvider(installed, specification, hooks)


def _broken(installed: Installed, why: str, cause: BaseException) -> HookProvider:
    text = f"the hooks of {installed} are left out: {why}"
    error = ExtensionLoadError(text, extension=installed.name, hook=getattr(cause, "hook", None))
    error.__cause__ = cause
    return HookProvider(installed, error=error)


def _specified(specification: object, extension: str) -> Iterator[tuple[str, HookSignature]]:
    is_class = inspect.isclass(specification)
    marked = [(name, value) for name, value in vars(specification).items() if hasattr(value, f"{PROJECT}_spec")]
    if not marked:
        raise ExtensionError("nothing in it is marked with @hookspec", extension=extension)
    for name, function in marked:
        if not inspect.isfunction(function):
            raise ExtensionError(f"{name!r} is marked with @hookspec but is not a function", extension=extension)
        yield name, _signature(function, has_self=is_class)


def _signature(function: Any, *, has_self: bool) -> HookSignature:
    arguments = tuple(inspect.signature(function).parameters)[1 if has_self else 0 :]
    takes_first = getattr(function, f"{PROJECT}_spec")["firstresult"]
    # A hook that adds something, such as a kind of stores, is needed before extensions are ready.
    by_name = HookRule(called_on="all" if function.__name__.startswith("register_") else "ready")
    return HookSignature(
        arguments,
        _results(function) if takes_first else (),
        waits=inspect.iscoroutinefunction(function),
        rule=getattr(function, f"{PROJECT}_rule", by_name),
    )


def _results(function: Any) -> tuple[type, ...]:
    """The types in the annotation of the result, without None; any, where they are not known at run time."""
    annotated = types.SimpleNamespace(__annotations__={"return": function.__annotations__.get("return", Any)})
    try:
        kind = typing.get_type_hints(annotated, globalns=function.__globals__)["return"]
    except (NameError, TypeError, SyntaxError, AttributeError):  # such as a name that only type checkers import
        return _ANY_RESULT
    kinds = typing.get_args(kind) if typing.get_origin(kind) in _UNIONS else (kind,)
    found = [typing.get_origin(each) or each for each in kinds if each is not type(None)]
    if Any in found or not all(map(inspect.isclass, found)):
        return _ANY_RESULT
    return tuple(each for kind in found for each in ((int, float) if kind is float else (kind,)))
