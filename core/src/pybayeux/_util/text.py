"""Text as it comes from networks and files, brought into one form: UTF-8 without a byte order mark.

The one place that knows about encodings. Knows nothing of what the text says.
"""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ("to_utf8",)

_MARKS: Final = (
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF_8: Final = frozenset({"utf-8", "ascii"})


def to_utf8(text: bytes, charset: str | None = None) -> bytes:
    """The text in UTF-8, without a byte order mark.

    A mark says more than a charset, as browsers have it. A charset that is unknown, or that the text is not in, is not
    believed: then the bytes are returned as they came, and who reads them finds what is wrong.

    Args:
        text: What came.
        charset: What was declared, such as the parameter of a `Content-Type`; None stands for UTF-8.
    """
    for mark, encoding in _MARKS:
        if text.startswith(mark):
            return _recoded(text, encoding) if encoding else text[len(mark) :]
    if charset is None:
        return text
    try:
        name = codecs.lookup(charset.strip("\"' ")).name
    except (LookupError, ValueError):
        return text
    return text if name in _UTF_8 else _recoded(text, name)


def _recoded(text: bytes, encoding: str) -> bytes:
    try:
        return text.decode(encoding).encode()
    except (UnicodeError, LookupError):  # the latter: a codec that is none of text
        return text
