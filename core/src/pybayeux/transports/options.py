"""The options of a transport: the keyword parameters of its factory, after the context."""

from __future__ import annotations

import inspect
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from .._util.conversion import ConversionError, convert
from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Parameter

    from .base import Transport, TransportFactory

__all__ = ("URL", "bind_options", "missing_options")

URL: Final = "url"
"""An option that every transport has: an address of its own. `TransportPool` reads it; factories do not get it."""


def bind_options(name: str, factory: Callable[..., Transport], given: Mapping[str, Any]) -> TransportFactory:
    """The factory with these options bound, converted to the types that its parameters are annotated with.

    Raises:
        UsageError: An option is unknown or missing, or a value is wrong.
    """
    options = {option: value for option, value in given.items() if option != URL}
    parameters = _parameters(factory)
    known = _options(parameters)
    is_open = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for option in options:
        if option not in known and not is_open:
            expected = ", ".join((*known, URL))
            raise UsageError(f"transport {name!r} has no option {option!r}; expected one of {expected}")
    for option in missing_options(factory):
        if option not in options:
            raise UsageError(f"transport {name!r} needs the option {option!r}")
    if not options:
        return factory
    namespace = _namespace(factory)
    types = {option: _type(parameter, namespace) for option, parameter in known.items()}
    return partial(factory, **{option: _value(name, option, value, types) for option, value in options.items()})


def missing_options(factory: Callable[..., Transport]) -> tuple[str, ...]:
    """The options that a factory cannot do without."""
    known = _options(_parameters(factory))
    return tuple(option for option, parameter in known.items() if parameter.default is parameter.empty)


def _parameters(factory: Callable[..., Transport]) -> list[Parameter]:
    """Those after the context."""
    return list(inspect.signature(factory).parameters.values())[1:]


def _options(parameters: list[Parameter]) -> dict[str, Parameter]:
    return {each.name: each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}


def _value(name: str, option: str, value: Any, types: Mapping[str, Any]) -> object:
    try:
        return convert(value, types.get(option, Any))
    except ConversionError as error:
        raise UsageError(f"transport {name!r}: option {option!r} is wrong: {error}") from error


def _type(parameter: Parameter, namespace: Mapping[str, Any]) -> Any:
    """The annotation as a type; Any where it cannot be resolved, such as a name imported for type checkers only."""
    if parameter.annotation is parameter.empty:
        return Any
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, globalns=dict(namespace))[parameter.name]
    except (NameError, TypeError, SyntaxError, AttributeError):
        return Any


def _namespace(factory: Any) -> Mapping[str, Any]:
    """The global names that the annotations of a factory refer to."""
    while isinstance(factory, partial) or hasattr(factory, "__wrapped__"):
        factory = factory.func if isinstance(factory, partial) else factory.__wrapped__
    function = factory.__init__ if inspect.isclass(factory) else factory
    if not hasattr(function, "__globals__"):
        function = getattr(function, "__func__", type(function).__call__)
    return getattr(function, "__globals__", {})
