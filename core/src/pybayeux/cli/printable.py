"""Text from a server or an extension, made safe for one line of a terminal."""

from __future__ import annotations

__all__ = ("printable",)


def printable(text: str) -> str:
    """The text with control characters and line breaks escaped, such as ESC and newline."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
