"""Positions as JSON: one record for each, in the file of `FileStore` and in what the command line exports.

An export is a list with one position per line, so that an error can name the line. No file is opened here.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from .position import EARLIEST, Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("PositionRecord", "export_positions", "import_positions", "position_fields")

_SEPARATORS: Final = re.compile(r"[\s,]*")

_FIELDS: Final = tuple(field.name for field in fields(Position))

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class PositionRecord(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The fields of a `Position`, as they are in JSON. Times are in ISO 8601, with their zone.

    `quiet_until` is in files of earlier versions, and is ignored.
    """

    replay_id: Annotated[int, msgspec.Meta(ge=EARLIEST)]
    stored_at: _Moment
    event_time: _Moment | None = None
    event_uuid: str | None = None
    org: str | None = None
    quiet_until: _Moment | None = None

    @classmethod
    def of(cls, position: Position) -> PositionRecord:
        """Return the record of a position."""
        return cls(*(getattr(position, name) for name in _FIELDS))

    def position(self) -> Position:
        """Return the position."""
        return Position(*(getattr(self, name) for name in _FIELDS))


class _NamedRecord(PositionRecord, kw_only=True):
    subscription: Annotated[str, msgspec.Meta(pattern="^[^/]*/.")]


def export_positions(positions: Mapping[str, Position]) -> str:
    """Return these positions, by subscription, as JSON."""
    lines = ",\n".join(_line(subscription, position) for subscription, position in positions.items())
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _line(subscription: str, position: Position) -> str:
    return json.dumps(position_fields(subscription, position), ensure_ascii=False)


def position_fields(subscription: str, position: Position | None) -> dict[str, Any]:
    """Return what JSON has of a subscription and its position."""
    named = {"subscription": subscription}
    return named if position is None else named | msgspec.to_builtins(PositionRecord.of(position))


def import_positions(text: str) -> dict[str, Position]:
    """Return the positions in what `export_positions` returned, by subscription.

    Raises:
        ValueError: The text is wrong; the message names the line.
    """
    positions: dict[str, Position] = {}
    for line, element in _elements(text):
        try:
            named = msgspec.convert(element, _NamedRecord)
        except msgspec.ValidationError as error:
            raise ValueError(f"line {line}: {error}") from None
        if named.subscription in positions:
            raise ValueError(f"line {line}: a second position of {named.subscription}")
        positions[named.subscription] = named.position()
    return positions


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the elements of a JSON list, each with the line in which it begins."""
    try:
        elements = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    if not isinstance(elements, list):
        raise ValueError(f"line 1: expected a list of positions, got {type(elements).__name__}")
    decoder, end = json.JSONDecoder(), text.index("[") + 1
    for _ in elements:
        separators = _SEPARATORS.match(text, end)
        start = end if separators is None else separators.end()
        element, end = decoder.raw_decode(text, start)
        yield text.count("\n", 0, start) + 1, element
