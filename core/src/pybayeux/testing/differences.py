"""The comparison of two runs, without what differs by chance: times, nonces, random values.

Those are found by a third run: the first way once more, after the second. A clock that ticks between the first two has
ticked for the third as well.
"""

from __future__ import annotations

from typing import Any

__all__ = ("difference",)


def difference(first: Any, other: Any, again: Any, place: str = "") -> str | None:
    """Where two values of JSON differ, or None.

    Args:
        first: What happened one way.
        other: What happened the other way.
        again: What happened the first way again, later: where it differs from `first`, nothing is compared.
        place: Where the values are, for the answer.
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
    return f"{place}: {first!r} one way, {other!r} the other" if is_certain else None


def _shape(value: Any) -> tuple[Any, ...] | None:
    """The type and the keys of an object or an array; None for what has no parts."""
    if isinstance(value, dict):
        return (dict, *sorted(value))
    return (list, *range(len(value))) if isinstance(value, list) else None
