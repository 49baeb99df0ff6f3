"""Positions as JSON: a list with one position per line, so that a mistake has a line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from .record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .position import Position

__all__ = ("exported", "imported")

_BETWEEN: Final = re.compile(r"[\s,]*")


class _Named(Record, kw_only=True):
    subscription: Annotated[str, msgspec.Meta(pattern="^/.")]


def exported(positions: Mapping[str, Position]) -> str:
    """These positions, by subscription, as JSON."""
    lines = ",\n".join(_line(subscription, position) for subscription, position in positions.items())
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _line(subscription: str, position: Position) -> str:
    named = {"subscription": subscription} | msgspec.to_builtins(Record.of(position))
    return json.dumps(named, ensure_ascii=False)


def imported(text: str) -> dict[str, Position]:
    """The positions in what `exported` wrote.

    Raises:
        ValueError: Something is wrong: the line, and what.
    """
    positions: dict[str, Position] = {}
    for line, element in _elements(text):
        try:
            named = msgspec.convert(element, _Named)
        except msgspec.ValidationError as error:
            raise ValueError(f"line {line}: {error}") from None
        if named.subscription in positions:
            raise ValueError(f"line {line}: a second position of {named.subscription}")
        positions[named.subscription] = named.position()
    return positions


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    """The elements of a JSON list, each with the line where it begins."""
    try:
        elements = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    if not isinstance(elements, list):
        raise ValueError("line 1: this is to be a list of positions")
    decoder, place = json.JSONDecoder(), text.index("[") + 1
    for _ in elements:
        between = _BETWEEN.match(text, place)
        start = place if between is None else between.end()
        element, place = decoder.raw_decode(text, start)
        yield text.count("\n", 0, start) + 1, element
