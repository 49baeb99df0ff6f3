"""Salesforce's ids, which have 15 characters where case counts, or 18 where three more say which are capitals."""

from __future__ import annotations

from typing import Final

__all__ = ("long_id",)

_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT: Final = 15
_PART: Final = 5


def long_id(text: str) -> str:
    """An id in its long form, so that the two can be compared; whatever else is given, as it is.

    Each of the last three characters tells of five others which of them are capitals, the first one as the lowest bit.
    """
    if len(text) != _SHORT:
        return text
    parts = [text[start : start + _PART] for start in range(0, _SHORT, _PART)]
    capitals = (sum(character.isupper() << bit for bit, character in enumerate(part)) for part in parts)
    return text + "".join(_DIGITS[each] for each in capitals)
