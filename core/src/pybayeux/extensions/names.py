"""Names of extensions: which are one name, and which one a mistyped name was probably meant to be.

Names that differ by case, ``-``, ``_`` or ``.`` are one name, as they are for pip. It knows no extension.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("ALL", "canonical", "did_you_mean", "split_names")

ALL: Final = "all"
"""Stands for every extension where names are disabled."""


def canonical(name: str) -> str:
    """The same for all spellings of a name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name."""
    by_spelling = {canonical(each): each for each in sorted(known)}
    close = get_close_matches(canonical(name), by_spelling, n=1)
    if close:
        return f"did you mean {by_spelling[close[0]]!r}?"
    return f"expected one of {', '.join(by_spelling.values())}" if by_spelling else "none is in use"


def split_names(text: str) -> tuple[str, ...]:
    """The names in the value of an environment variable, which has commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
