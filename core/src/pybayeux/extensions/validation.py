"""The check of an extension before it is registered.

Looks at a class, an instance or a module without calling any of it. Every error names the extension, the hook and,
where there is one, the argument.
"""

from __future__ import annotations

import inspect
import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from ..errors import ExtensionError
from ..hookspecs import DEPRECATED_ARGUMENTS, HOOK_API, OLDEST_HOOK_API
from .catalogue import HookManager, HookSignature, core_hooks, hook_names, signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pluggy

__all__ = ("NO_HOOK", "hook_marks", "implemented_hooks")

NO_HOOK: Final = "it implements no hook: expected a class, a module or an instance with functions marked @hookimpl"

_MANAGER: Final = HookManager()
"""Knows how pluggy finds an implementation; nothing is ever registered with it."""

_UNWANTED: Final = {
    inspect.Parameter.VAR_POSITIONAL: "takes *{}",
    inspect.Parameter.VAR_KEYWORD: "takes **{}",
    inspect.Parameter.KEYWORD_ONLY: "has the keyword-only argument {!r}",
}


def implemented_hooks(extension: object, name: str) -> tuple[str, ...]:
    """The names of the hooks that an extension implements, in alphabetical order.

    Args:
        extension: An instance, a module, or a class whose instances are extensions.
        name: The name of the extension, for the error.

    Raises:
        ExtensionError: An implementation would not work, or fails to do what was meant.
    """
    _check_hook_api(extension, name)
    hooks = set()
    for attribute, options in _marked(extension):
        hook = options["specname"] or attribute
        if (signature := signature_of(hook)) is not None:
            _Check(name, hook, signature, extension, attribute).run(options)
            hooks.add(hook)
        elif not options["optionalhook"]:
            close = get_close_matches(hook, hook_names(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(hook_names())}"
            raise ExtensionError(f"extension {name!r}: unknown hook {hook!r}; {hint}", extension=name, hook=hook)
    if not hooks:
        _refuse_unmarked(extension, name)
    return tuple(sorted(hooks))


def hook_marks(extension: object) -> dict[str, tuple[str, ...]]:
    """What is special about the implementation of each hook: its place in the call, or that it wraps or waits."""
    found = {}
    for attribute, options in _marked(extension):
        marks = [mark for mark in ("tryfirst", "trylast", "wrapper") if options[mark]]
        if inspect.iscoroutinefunction(inspect.unwrap(getattr(extension, attribute))):
            marks.append("async")
        found[options["specname"] or attribute] = tuple(marks)
    return found


def _check_hook_api(extension: object, name: str) -> None:
    """Refuse an extension that says it was written for other hooks than these."""
    wanted = inspect.getattr_static(extension, "pybayeux_hook_api", None)
    if wanted is None or (isinstance(wanted, int) and OLDEST_HOOK_API <= wanted <= HOOK_API):
        return
    remedy = "pybayeux" if isinstance(wanted, int) and wanted > HOOK_API else "the extension"
    raise ExtensionError(
        f"extension {name!r} is for HOOK_API {wanted!r}, and this pybayeux has {OLDEST_HOOK_API} to {HOOK_API}: "
        f"update {remedy}",
        extension=name,
    )


def _marked(extension: object) -> Iterator[tuple[str, pluggy.HookimplOpts]]:
    for attribute in dir(extension):
        options = _MANAGER.parse_hookimpl_opts(extension, attribute)
        if options is not None:
            yield attribute, options


def _refuse_unmarked(extension: object, name: str) -> None:
    """Refuse hooks without their marker: the extension would do nothing, in silence."""
    for hook in core_hooks():
        if inspect.isroutine(inspect.getattr_static(extension, hook, None)):
            raise ExtensionError(
                f"extension {name!r}: {hook!r} is not marked with @hookimpl", extension=name, hook=hook
            )


class _Check:
    """Looks at one implementation of one hook."""

    def __init__(self, extension_name: str, hook: str, signature: HookSignature, owner: object, attribute: str) -> None:
        self._name: Final = extension_name
        self._hook: Final = hook
        self._signature: Final = signature
        self._function: Final = getattr(owner, attribute)
        static = inspect.getattr_static(owner, attribute)
        self._is_unbound: Final = inspect.isclass(owner) and inspect.isfunction(static)
        method = inspect.unwrap(static) if self._is_unbound or inspect.ismethod(self._function) else None
        self._method: Final = method if inspect.isfunction(method) else None

    def run(self, options: pluggy.HookimplOpts) -> None:
        if options["hookwrapper"]:
            self._refuse("hookwrapper=True is the old style; use wrapper=True")
        if options["tryfirst"] and options["trylast"]:
            self._refuse("tryfirst and trylast exclude each other")
        self._check_self()
        for parameter in self._parameters():
            self._check_parameter(parameter)
        self._check_kind(is_wrapper=options["wrapper"])

    def _check_self(self) -> None:
        """Refuse a method without ``self``: its first argument would be the instance, in silence."""
        if self._method is None:
            return
        first = next(iter(inspect.signature(self._method).parameters.values()), None)
        if first is None or first.name in self._signature.arguments:
            self._refuse("a method needs 'self' as its first argument")

    def _parameters(self) -> list[inspect.Parameter]:
        parameters = list(inspect.signature(self._function).parameters.values())
        return parameters[1:] if self._is_unbound else parameters

    def _check_parameter(self, parameter: inspect.Parameter) -> None:
        given = self._signature.arguments
        if parameter.kind in _UNWANTED:
            self._refuse(f"{_UNWANTED[parameter.kind].format(parameter.name)}; {_list(given)}")
        if parameter.name not in given:
            self._refuse(f"unknown argument {parameter.name!r}; {_list(given)}")
        if (instead := DEPRECATED_ARGUMENTS.get(self._hook, {}).get(parameter.name)) is not None:
            why = f"the argument {parameter.name!r} will go away: {instead}"
            warnings.warn(f"extension {self._name!r}, hook {self._hook!r}: {why}", DeprecationWarning, stacklevel=2)
        if parameter.default is not parameter.empty:
            self._refuse(f"the argument {parameter.name!r} has a default, which would never be used")

    def _check_kind(self, *, is_wrapper: bool) -> None:
        function = self._function
        # Pluggy recognises a wrapper by the function itself; a decorated coroutine function still returns a coroutine.
        waits = inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.isasyncgenfunction(function)
        if waits and is_wrapper:
            self._refuse("a wrapper cannot be async def; make it a plain generator, it may wrap async ones")
        if waits and not self._signature.waits:
            self._refuse("this hook cannot wait; make it a plain function instead of async def")
        if inspect.isasyncgenfunction(function) or (inspect.isgeneratorfunction(function) and not is_wrapper):
            self._refuse("it yields, but is not marked wrapper=True")
        if is_wrapper and not inspect.isgeneratorfunction(function):
            self._refuse("wrapper=True, but it does not yield")

    def _refuse(self, why: str) -> NoReturn:
        raise ExtensionError(
            f"extension {self._name!r}, hook {self._hook!r}: {why}", extension=self._name, hook=self._hook
        )


def _list(arguments: tuple[str, ...]) -> str:
    return f"the hook has {', '.join(arguments)}"
