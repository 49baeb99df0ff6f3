"""Names of extensions: which are one name, and which one a mistyped name was probably meant to be.

Names that differ by case, ``-``, ``_`` or ``.`` are one name, as they are for pip. It does not know what is installed.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from .._util.known_packages import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("ALL", "canonical", "did_you_mean", "expected_names", "not_installed_hint", "split_names")

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
    return expected_names(known)


def expected_names(known: Iterable[str]) -> str:
    """The end of a message that lists the known names."""
    names = {canonical(each): each for each in sorted(known)}
    return f"expected one of {', '.join(names.values())}" if names else "none is in use"


def not_installed_hint(name: str, known: Iterable[str]) -> str:
    """The end of a message about an extension that is not installed: its package, or what may be meant."""
    package = EXTENSIONS.get(canonical(name))
    return f"pip install {package}" if package else did_you_mean(name, known)


def split_names(text: str) -> tuple[str, ...]:
    """The names in the value of an environment variable, which has commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
