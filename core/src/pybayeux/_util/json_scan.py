"""JSON taken apart without reading its values: the elements of an array, the members of an object.

For texts that hold a value which no JSON reader takes (half of a surrogate pair, NaN, a control character, too deep
nesting): brackets and strings are found all the same, so one bad value costs no more than itself. It takes a hundred
times as long as reading, so texts come here that could not be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Broken", "elements_of", "members_of")

# A string may hold raw line ends and control characters. A quote that opens no string is found by the last part.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},:"]', re.DOTALL)
_SPACE: Final = b" \t\r\n"
_PAUSE: Final = 50_000
"""Tokens after which an iteration over elements pauses: some milliseconds."""


class Broken(ValueError):
    """The text is no array or no object, or ends before its last bracket."""


def elements_of(text: bytes, start: int = 0) -> Iterator[tuple[int, int] | None]:
    """The places of the elements of an array, each as begin and end; None now and then, to let others run.

    Args:
        text: The text. Behind the array there may be white space only.
        start: Where the opening bracket is, or any comma between two elements: then only what follows is found.

    Raises:
        Broken: It is no array, or is not complete. Elements were found by then.
    """
    depth, begin = 0, start + 1
    for count, token in enumerate(_TOKEN.finditer(text, start + 1), 1):
        kind = text[token.start()]
        if kind in b"[{":
            depth += 1
        elif kind in b"]}":
            if depth == 0:
                yield from _last(text, begin, token.start())
                return
            depth -= 1
        elif kind == 0x2C and depth == 0:
            yield begin, token.start()
            begin = token.end()
        elif kind == 0x22 and token.end() - token.start() == 1:
            raise Broken("a string does not end")
        if count % _PAUSE == 0:
            yield None
    raise Broken("it is not complete")


def _last(text: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    if text[end + 1 :].strip(_SPACE):
        raise Broken("there is more behind it")
    if text[begin:end].strip(_SPACE):
        yield begin, end


def members_of(text: bytes) -> dict[bytes, bytes]:
    """The members of an object: names as they are between their quotes, and values as they are.

    Raises:
        Broken: It is no object, or is not complete.
    """
    text = text.strip(_SPACE)
    if not text.startswith(b"{"):
        raise Broken("it is no object")
    members: dict[bytes, bytes] = {}
    for place in elements_of(text):
        if place is not None:
            name, value = _member(text[slice(*place)].strip(_SPACE))
            members[name] = value
    return members


def _member(text: bytes) -> tuple[bytes, bytes]:
    name = _TOKEN.match(text)
    if name is None or name.end() < 2 or text[0] != 0x22:
        raise Broken("a member has no name")
    separator, value = text[name.end() :].lstrip(_SPACE)[:1], text[name.end() :].lstrip(_SPACE)[1:]
    if separator != b":":
        raise Broken("a member has no value")
    return name.group()[1:-1], value.strip(_SPACE)
