"""The options of an extension: the keyword parameters of its class.

Their names, their types, and the values given for them. Values come from the mapping that the client was given, else
from the environment as ``PYBAYEUX_<EXTENSION>_<OPTION>``. Makes no instance.
"""

from __future__ import annotations

import collections.abc
import datetime
import inspect
import os
import pathlib
import re
import sys
import typing
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .._util.conversion import ConversionError, convert, convert_text
from ..errors import ExtensionOptionError
from .option_table import OptionTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ("Option", "Settings", "environment_name", "options_of", "read_options")

_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_PLAIN: Final = (str, int, float, bool, type(None))
_USUAL: Final = {**vars(typing), **vars(collections.abc), **vars(datetime), **vars(pathlib)}
"""Names of annotations that are known without an import: linters move such imports out of sight of the run time."""
_MODULES: Final = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")


@dataclass(frozen=True, slots=True)
class Option:
    """One option, as the listing shows it.

    Attributes:
        name: The name of the parameter.
        type: The annotation as text, its aliases spelled out; empty where there is none.
        default: The default value, or its text where it is no plain data; None where there is none.
        required: True where there is no default.
    """

    name: str
    type: str
    default: str | int | float | bool | None
    required: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """What was given for the options of one extension.

    Attributes:
        values: Converted values, fit for the constructor.
        sources: Where each of them came from: a variable, a file, ``-x``, or the argument ``options=``.
        missing: The required options, where nothing was given for this extension.
    """

    values: Mapping[str, object]
    missing: tuple[str, ...]
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class _Signature:
    options: tuple[Option, ...]
    types: Mapping[str, Any]
    is_open: bool
    """True where the constructor takes ``**kwargs``, so that no option is unknown."""


def environment_name(extension: str, option: str) -> str:
    """The environment variable of an option, in capitals, with ``_`` for ``-`` and ``.``."""
    return f"PYBAYEUX_{extension}_{option}".replace("-", "_").replace(".", "_").upper()


def options_of(target: object) -> tuple[Option, ...]:
    """The options of a class; none for a module or an instance."""
    return _signature(target).options if isinstance(target, type) else ()


def read_options(
    target: type,
    given: Mapping[str, object] | None,
    *,
    extension: str,
    origin: str,
    foreign: Collection[str] = (),
) -> Settings:
    """Find and convert what was given for the options of a class.

    Args:
        target: The class.
        given: The client's options for this extension, or None.
        extension: The name of the extension.
        origin: What an error calls it, such as ``extension 'signature' of signature-extension 1.2``.
        foreign: Environment variables that belong to another extension.

    Raises:
        ExtensionOptionError: An option is unknown or of the wrong type, or some were given but a required one was not.
    """
    signature = _signature(target)
    reader = _Reader(signature, extension, origin)
    table = given if isinstance(given, OptionTable) else OptionTable(given or {})
    reader.refuse_unknown(table)
    variables = reader.variables(foreign)
    strong = {option: value for option, value in table.items() if option not in table.weak or option not in variables}
    values = {**reader.from_environment(variables), **reader.from_mapping(strong)}
    sources = {**variables, **{option: table.sources.get(option, "options=") for option in strong}}
    missing = (
        *(each.name for each in signature.options if each.required and each.name not in values),
        *(" or ".join(names) for names in _alternatives(target) if values.keys().isdisjoint(names)),
    )
    if missing and (values or given is not None):
        beside = ", ".join(f"{option} ({source})" for option, source in sources.items())
        reader.refuse(missing[0], f"is missing beside {beside}: add it, or take that away" if beside else "is missing")
    return Settings(values, missing, sources)


def _alternatives(target: type) -> tuple[tuple[str, ...], ...]:
    """Groups of options of which one is needed: what the class says as `pybayeux_needs_one_of`."""
    return tuple(tuple(names) for names in getattr(target, "pybayeux_needs_one_of", ()))


class _Reader:
    """Reads the values of one extension; its errors name it."""

    def __init__(self, signature: _Signature, extension: str, origin: str) -> None:
        self._signature: Final = signature
        self._extension: Final = extension
        self._origin: Final = origin

    def refuse(self, option: str, why: str) -> NoReturn:
        raise ExtensionOptionError(f"{self._origin}: option {option!r} {why}", extension=self._extension, option=option)

    def refuse_unknown(self, given: Mapping[str, object]) -> None:
        known = self._signature.types
        for option in given:
            if option not in known and not self._signature.is_open:
                close = get_close_matches(option, known, n=1)
                expected = f"expected one of {', '.join(known)}" if known else "it takes no options"
                self.refuse(option, f"is unknown; {f'did you mean {close[0]!r}?' if close else expected}")

    def variables(self, foreign: Collection[str]) -> dict[str, str]:
        """The variables that are set, by option."""
        names = {option: environment_name(self._extension, option) for option in self._signature.types}
        return {option: name for option, name in names.items() if name in os.environ and name not in foreign}

    def from_environment(self, variables: Mapping[str, str]) -> dict[str, object]:
        return {
            option: self._read(option, convert_text, os.environ[variable], f"in {variable} ")
            for option, variable in variables.items()
        }

    def from_mapping(self, given: Mapping[str, object]) -> dict[str, object]:
        return {option: self._read(option, convert, value) for option, value in given.items()}

    def _read(self, option: str, conversion: Callable[[Any, Any], object], value: object, place: str = "") -> object:
        try:
            return conversion(value, self._signature.types.get(option, Any))
        except ConversionError as error:
            self.refuse(option, f"{place}is wrong: {error}")


@cache
def _signature(target: type) -> _Signature:
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except ValueError:  # a class whose constructor is written in C, with nothing to set
        parameters = []
    named = [parameter for parameter in parameters if parameter.kind in _NAMED]
    types = {parameter.name: _type(parameter, target) for parameter in named}
    return _Signature(
        options=tuple(_option(parameter, types[parameter.name]) for parameter in named),
        types=types,
        is_open=any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters),
    )


def _option(parameter: inspect.Parameter, kind: Any) -> Option:
    text, default = _text(parameter, kind), parameter.default
    if default is parameter.empty:
        return Option(parameter.name, text, None, required=True)
    return Option(parameter.name, text, default if isinstance(default, _PLAIN) else repr(default), required=False)


def _text(parameter: inspect.Parameter, kind: Any) -> str:
    """The annotation for a reader: aliases spelled out, since they mean nothing outside their module."""
    written = parameter.annotation
    if written is parameter.empty:
        return ""
    if kind is Any and isinstance(written, str):
        return written
    return _MODULES.sub("", inspect.formatannotation(kind))


def _type(parameter: inspect.Parameter, target: type) -> Any:
    """The annotation as a type; Any where it is not known at run time, such as a name that only checkers import."""
    if parameter.annotation is parameter.empty:
        return Any
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    constructor = inspect.getattr_static(target, "__init__", None)
    namespace = getattr(constructor, "__globals__", None) or vars(sys.modules[target.__module__])
    try:
        return typing.get_type_hints(holder, globalns={**_USUAL, **namespace}, include_extras=True)[parameter.name]
    except (NameError, TypeError, SyntaxError, AttributeError):
        return Any
