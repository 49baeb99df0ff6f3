"""Checks of arguments: the error names the argument, its value and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("check_choice", "check_names", "check_names_or_flag", "check_positive")


def check_choice(name: str, value: object, choices: Any) -> None:
    """Check that a value is one of `choices`: a collection, or a `Literal`.

    Raises:
        UsageError: The value is not among them.
    """
    expected = get_args(choices) or choices
    if value not in expected:
        names = ", ".join(repr(str(each)) for each in expected)
        raise UsageError(f"{name}: expected one of {names}; got {value!r}")


def check_positive(**figures: float | None) -> None:
    """Check that numbers are greater than zero, or None.

    Raises:
        UsageError: A number is not.
    """
    for name, figure in figures.items():
        if figure is not None and figure <= 0:
            raise UsageError(f"{name}: expected a number greater than zero; got {figure}")


def check_names(argument: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple. A string is refused: its letters would be the names.

    Raises:
        UsageError: It is a string.
    """
    if isinstance(names, str):
        raise UsageError(f"{argument}: expected a list of names, such as [{names!r}]; got the string {names!r}")
    return tuple(names)


def check_names_or_flag(argument: str, value: bool | Iterable[str]) -> bool | tuple[str, ...]:
    """The names as a tuple, or a bool as it is.

    Raises:
        UsageError: It is a string.
    """
    return value if isinstance(value, bool) else check_names(argument, value)
