"""Text from a server, made safe for a terminal. Knows nothing of where it comes from."""

from __future__ import annotations

import re
from typing import Final

__all__ = ("printable",)

# Controls but the line break, which JSON has between its tokens; line separators; the direction of writing.
_OBEYED: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, *, json: bool = False) -> str:
    """The text with control characters, line breaks and invisible characters escaped, such as ESC and newline.

    A terminal obeys some of them: it sets the title, moves the cursor or writes over what is there. In the text of an
    error or of a log line they are a way to forge others. Extensions use it in their commands for what a server said.

    Args:
        text: The text.
        json: Whether it is JSON, as `json.dumps` or `msgspec.json.format` write it. Then it stays the same JSON: line
            breaks stay, and the escapes are those of JSON.
    """
    if json:
        return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
