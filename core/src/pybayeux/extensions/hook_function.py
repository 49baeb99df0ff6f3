"""The implementations of hooks as a client keeps them, with what a call needs to know of each.

Owns the reading of what pluggy says of an implementation. A method of an extension's class is the same for all clients,
so they share what is known of it, and it is bound to a client's own instance when it is about to be called. It knows no
call.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    import pluggy

__all__ = ("HookFunction", "Implementations", "hook_functions", "read_implementations")

_MOST_SHARED: Final = 512
"""How many methods are kept for further clients, a few times those of all extensions of this repository."""


@dataclass(frozen=True, slots=True, eq=False)
class HookFunction:
    """An implementation of a hook.

    Attributes:
        hook: The name of the hook.
        extension: The name of the extension.
        function: What is called; a method of a class, unbound, where `is_method`.
        arguments: The names of the arguments that it takes.
        waits: Whether it is a coroutine function.
        is_wrapper: Whether it is a generator around what comes after it.
        group: Its place among those of its kind: -1 for `tryfirst`, 1 for `trylast`, else 0.
        is_method: Whether it has to be bound to an instance before it is called.
    """

    hook: str
    extension: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    waits: bool
    is_wrapper: bool
    group: int
    is_method: bool = False

    def of(self, extensions: Mapping[str, object]) -> Callable[..., Any]:
        """What is called in a client that has these extensions, by name."""
        if not self.is_method:
            return self.function
        instance = extensions[self.extension]
        bound: Callable[..., Any] = self.function.__get__(instance, type(instance))
        return bound

    def replaced(self, function: Callable[..., Any]) -> HookFunction:
        """The same with another function, which is called as it is."""
        return replace(self, function=function, is_method=False)


class Implementations(NamedTuple):
    """Those of all extensions of a client. It never changes: a registration makes a new one.

    Attributes:
        functions: The implementations; those of each hook are in pluggy's order.
        extensions: The extensions by their names.
    """

    functions: tuple[HookFunction, ...] = ()
    extensions: Mapping[str, object] = {}

    def of(self, hook: str, names: Container[str] | None = None) -> list[HookFunction]:
        """The implementations of a hook by the extensions of these names; None: by all."""
        return [each for each in self.functions if each.hook == hook and (names is None or each.extension in names)]

    def without(self, name: str) -> Implementations:
        """Those of all other extensions."""
        functions = tuple(each for each in self.functions if each.extension != name)
        return Implementations(functions, {each: found for each, found in self.extensions.items() if each != name})


def read_implementations(manager: pluggy.PluginManager) -> Implementations:
    """The implementations that a manager of pluggy's has."""
    functions = tuple(
        _read(hook, each) for hook, caller in vars(manager.hook).items() for each in caller.get_hookimpls()
    )
    return Implementations(_same(functions), dict(manager.list_name_plugin()))


@lru_cache(_MOST_SHARED)
def _same(functions: tuple[HookFunction, ...]) -> tuple[HookFunction, ...]:
    """The tuple of another client, where one has the same implementations: 0.5 kB with many extensions."""
    return functions


def hook_functions(hook: str, implementations: Iterable[pluggy.HookImpl]) -> list[HookFunction]:
    """The implementations of a hook as `get_hookimpls()` returns them, in their order, bound to their instances."""
    return [_read(hook, each).replaced(each.function) for each in implementations]


def _read(hook: str, found: pluggy.HookImpl) -> HookFunction:
    known = found.argnames, found.wrapper, found.trylast - found.tryfirst
    function = getattr(found.function, "__func__", None)
    if inspect.isfunction(function) and getattr(found.function, "__self__", None) is found.plugin:
        return _of_class(hook, found.plugin_name, function, *known)
    return _described(hook, found.plugin_name, found.function, *known)


def _described(
    hook: str,
    extension: str,
    function: Callable[..., Any],
    arguments: tuple[str, ...],
    is_wrapper: bool,
    group: int,
    *,
    is_method: bool = False,
) -> HookFunction:
    waits = inspect.iscoroutinefunction(inspect.unwrap(function))
    return HookFunction(hook, extension, function, arguments, waits, is_wrapper, group, is_method)


@lru_cache(_MOST_SHARED)
def _of_class(
    hook: str, extension: str, function: Callable[..., Any], arguments: tuple[str, ...], is_wrapper: bool, group: int
) -> HookFunction:
    return _described(hook, extension, function, arguments, is_wrapper, group, is_method=True)
