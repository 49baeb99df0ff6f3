"""The comparison of two runs, without what differs by chance: times, nonces, random values.

A third run finds those: it repeats the first after the second. What differs between the first and the third run, such
as a time, is not compared.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ("combined", "difference", "shortened")

_VARIOUS: Final = "<various>"
_LONGEST: Final = 120


def difference(first: Any, other: Any, again: Any, place: str = "") -> str | None:
    """Where two JSON values differ, as text; None if they do not.

    Args:
        first: The result of the first run.
        other: The result of the second run.
        again: The result of the third run: where it differs from `first`, nothing is compared.
        place: The path to the values, for the text.
    """
    if first == other or _VARIOUS in (first, other):
        return None
    shape = _shape(first)
    if shape is None or shape != _shape(again):
        is_certain = first == again
    elif shape == _shape(other):
        parts = ((first[key], other[key], again[key], f"{place}[{key!r}]") for key in shape[1:])
        return next((found for part in parts if (found := difference(*part)) is not None), None)
    else:
        is_certain = True
    return _described(first, other, place) if is_certain else None


def _described(first: Any, other: Any, place: str) -> str:
    """The difference in a line: of long arrays, where they begin to differ."""
    one, two = repr(first), repr(other)
    if max(len(one), len(two)) <= _LONGEST or not (isinstance(first, list) and isinstance(other, list)):
        return f"{place}: {shortened(first)} in one run, {shortened(other)} in the other"
    pairs = enumerate(zip(first, other, strict=False))
    at = next((index for index, (left, right) in pairs if left != right), min(len(first), len(other)))
    left, right = (shortened(each[at]) if at < len(each) else "nothing" for each in (first, other))
    counts = f"{len(first)} in one run, {len(other)} in the other" if len(first) != len(other) else f"{len(first)} each"
    return f"{place} ({counts}) from [{at}] on: {left} in one run, {right} in the other"


def shortened(value: Any) -> str:
    """The `repr` of a value; of a long one, its beginning and its end."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 30]} ... {text[-25:]}"


def combined(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Messages of which nobody can say how many there are, such as connects, as one: each member that any of them has.

    A member whose value is not the same in all that have it has the value ``<various>``, which is compared with
    nothing: times that are read twice in one tick of the clock are the same by chance.
    """
    found: dict[str, Any] = {}
    for message in messages:
        for name, value in message.items():
            if name not in found:
                found[name] = value
            elif isinstance(value, dict) and isinstance(found[name], dict):
                found[name] = combined([found[name], value])
            elif found[name] != value:
                found[name] = _VARIOUS
    return found


def _shape(value: Any) -> tuple[Any, ...] | None:
    """The type and the keys of an object or an array; None for any other value."""
    if isinstance(value, dict):
        return (dict, *sorted(value))
    return (list, *range(len(value))) if isinstance(value, list) else None
