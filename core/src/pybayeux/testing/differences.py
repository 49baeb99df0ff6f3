"""The comparison of two runs, without what differs by chance: times, nonces, random values.

A third run finds those: it repeats the first after the second. What differs between the first and the third run, such
as a time, is not compared.
"""

from __future__ import annotations

from typing import Any

__all__ = ("difference",)


def difference(first: Any, other: Any, again: Any, place: str = "") -> str | None:
    """Where two JSON values differ, as text; None if they do not.

    Args:
        first: The result of the first run.
        other: The result of the second run.
        again: The result of the third run: where it differs from `first`, nothing is compared.
        place: The path to the values, for the text.
    """
    if first == other:
        return None
    shape = _shape(first)
    if shape is None or shape != _shape(again):
        is_certain = first == again
    elif shape == _shape(other):
        parts = ((first[key], other[key], again[key], f"{place}[{key!r}]") for key in shape[1:])
        return next((found for part in parts if (found := difference(*part)) is not None), None)
    else:
        is_certain = True
    return f"{place}: {first!r} in one run, {other!r} in the other" if is_certain else None


def _shape(value: Any) -> tuple[Any, ...] | None:
    """The type and the keys of an object or an array; None for any other value."""
    if isinstance(value, dict):
        return (dict, *sorted(value))
    return (list, *range(len(value))) if isinstance(value, list) else None
