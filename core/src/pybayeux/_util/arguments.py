"""Checks of what the user gave, with complaints that name it."""

from __future__ import annotations

from typing import Any, get_args

from ..errors import UsageError

__all__ = ("check_choice", "check_positive")


def check_choice(name: str, value: object, choices: Any) -> None:
    """See that a value is one of those given, or of those of a `Literal`.

    Raises:
        UsageError: It is not.
    """
    known = get_args(choices) or choices
    if value not in known:
        raise UsageError(f"{name}={value!r}: known are {', '.join(repr(str(each)) for each in known)}")


def check_positive(**figures: float | None) -> None:
    """See that figures are greater than zero, or not given.

    Raises:
        UsageError: One is not.
    """
    for name, figure in figures.items():
        if figure is not None and figure <= 0:
            raise UsageError(f"{name}={figure}: it has to be greater than zero")
