"""Checks of arguments: the error names the argument, its value and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = (
    "check_choice",
    "check_counts",
    "check_has",
    "check_names",
    "check_names_or_flag",
    "check_objects",
    "check_pairs",
    "check_positive",
    "check_range",
    "check_tables",
    "check_text",
)


def check_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Check that a value is one of `choices`.

    Raises:
        UsageError: The value is not among them.
    """
    if value not in choices:
        names = ", ".join(repr(str(each)) for each in choices)
        raise UsageError(f"{name}: expected one of {names}; got {value!r}")


def check_positive(**figures: float) -> None:
    """Check that numbers are greater than zero.

    Raises:
        UsageError: A number is not, or is no number.
    """
    for name, figure in figures.items():
        if not _is_number(figure) or not figure > 0:
            raise UsageError(f"{name}: expected a number greater than zero; got {_shown(figure)}")


def check_counts(**figures: int) -> None:
    """Check that numbers are whole and greater than zero.

    Raises:
        UsageError: A number is not.
    """
    for name, figure in figures.items():
        if not isinstance(figure, int) or isinstance(figure, bool) or figure <= 0:
            raise UsageError(f"{name}: expected a whole number greater than zero; got {_shown(figure)}")


def check_range(name: str, figure: float, least: float, most: float, expected: str) -> None:
    """Check that a number is at least `least` and at most `most`.

    Raises:
        UsageError: It is not, or is no number.
    """
    if not _is_number(figure) or not least <= figure <= most:
        raise UsageError(f"{name}: expected {expected}; got {_shown(figure)}")


def check_names(argument: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple. A string is refused: its letters would be the names.

    Raises:
        UsageError: It is a string, or no collection of strings.
    """
    if isinstance(names, str):
        raise UsageError(f"{argument}: expected a list of names, such as [{names!r}]; got the string {names!r}")
    found = _collection(argument, names, "a list of names")
    for each in found:
        if not isinstance(each, str):
            raise UsageError(f"{argument}: expected a list of names; got {_shown(each)} in it")
    return found


def check_names_or_flag(argument: str, value: bool | Iterable[str]) -> bool | tuple[str, ...]:
    """The names as a tuple, or a bool as it is.

    Raises:
        UsageError: It is neither.
    """
    return value if isinstance(value, bool) else check_names(argument, value)


def check_objects(argument: str, objects: Iterable[object]) -> tuple[object, ...]:
    """The objects as a tuple.

    Raises:
        UsageError: It is a string or a mapping, or no collection.
    """
    if isinstance(objects, str):
        raise UsageError(f"{argument}: expected a list of objects; got the string {objects!r}")
    if objects is None or isinstance(objects, Mapping):
        raise UsageError(f"{argument}: expected a list of objects; got {_shown(objects)}")
    return _collection(argument, objects, f"a list, such as [{_name(objects)}(...)]")


def check_tables(argument: str, tables: Mapping[str, Mapping[str, Any]] | None) -> Mapping[str, Mapping[str, Any]]:
    """A mapping from names to mappings; an empty one for None.

    Raises:
        UsageError: It, or one within it, is no mapping, or a name is no string.
    """
    expected = "a mapping such as {'name': {'option': value}}"
    if tables is None:
        return {}
    if not isinstance(tables, Mapping):
        raise UsageError(f"{argument}: expected {expected}; got {_shown(tables)}")
    for name, table in tables.items():
        if not isinstance(name, str):
            raise UsageError(f"{argument}: expected {expected}; got the name {_shown(name)}")
        if table is not None and not isinstance(table, Mapping):
            raise UsageError(f"{argument}: expected a mapping for {name!r}; got {_shown(table)}")
    return tables


def check_pairs(argument: str, pairs: Mapping[str, str] | Iterable[tuple[str, str]] | None) -> dict[str, str]:
    """A mapping from names to texts; an empty one for None.

    Raises:
        UsageError: It is neither a mapping nor a list of pairs.
    """
    try:
        return dict(pairs or {})
    except (TypeError, ValueError):
        expected = "a mapping of names to values"
        raise UsageError(f"{argument}: expected {expected}; got an object of type {_name(pairs)}") from None


def check_text(argument: str, value: object, expected: str) -> str:
    """The value, which has to be text.

    Raises:
        UsageError: It is not.
    """
    if not isinstance(value, str):
        raise UsageError(f"{argument}: expected {expected}; got {_shown(value)}")
    return value


def check_has(argument: str, value: object, expected: str, *methods: str) -> None:
    """Check that an object has the methods that are called.

    Raises:
        UsageError: It lacks one.
    """
    if not all(callable(getattr(value, method, None)) for method in methods):
        raise UsageError(f"{argument}: expected {expected}; got {_shown(value)}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _collection(argument: str, value: Any, expected: str) -> tuple[Any, ...]:
    try:
        return tuple(value)
    except TypeError:
        raise UsageError(f"{argument}: expected {expected}; got {_shown(value)}") from None


def _shown(value: object) -> str:
    """A plain value, or the type of an object: its text may be long, or have a secret."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return repr(value) if isinstance(value, (int, float, type(None))) else f"an object of type {_name(value)}"


def _name(value: object) -> str:
    return (value if isinstance(value, type) else type(value)).__name__
