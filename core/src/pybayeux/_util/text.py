"""Text as it comes from networks and files, brought into one form: UTF-8 without a byte order mark.

The one place that knows about encodings. Knows nothing of what the text says.
"""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ("Utf8Stream", "is_utf8", "to_utf8")

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
    codec = _codec_of(charset)
    return text if codec is None else _recoded(text, codec)


def is_utf8(beginning: bytes, charset: str | None = None) -> bool:
    """Whether `to_utf8` leaves a text that begins so as it is.

    Args:
        beginning: Four bytes or more, unless the text is shorter.
        charset: As for `to_utf8`.
    """
    if beginning.startswith(tuple(mark for mark, _ in _MARKS)):
        return False
    return _codec_of(charset) is None


def _codec_of(charset: str | None) -> str | None:
    """What a text with this charset has to be decoded with; None where it is UTF-8, or the charset is unknown."""
    if charset is None:
        return None
    try:
        name = codecs.lookup(charset.strip("\"' ")).name
    except (LookupError, ValueError):
        return None
    return None if name in _UTF_8 else name


def _recoded(text: bytes, encoding: str) -> bytes:
    try:
        return text.decode(encoding).encode()
    except (UnicodeError, LookupError):  # the latter: a codec that is none of text
        return text


class Utf8Stream:
    """The same for a text that comes in pieces, of which the first says how it is encoded."""

    def __init__(self) -> None:
        self._begun = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_known = False

    def feed(self, piece: bytes, *, final: bool = False) -> bytes:
        """The next piece, in UTF-8; empty where more is needed.

        Args:
            piece: What came.
            final: Whether nothing comes any more.
        """
        if not self._is_known:
            piece, self._begun = self._begun + piece, b""
            if not final and any(mark.startswith(piece) and mark != piece for mark, _ in _MARKS):
                self._begun = piece
                return b""
            piece = self._find_out(piece)
        if self._decoder is None:
            return piece
        return self._decoder.decode(piece, final).encode("utf-8", "replace")

    def _find_out(self, piece: bytes) -> bytes:
        self._is_known = True
        for mark, encoding in _MARKS:
            if piece.startswith(mark):
                if not encoding:
                    return piece[len(mark) :]
                self._decoder = codecs.getincrementaldecoder(encoding)("replace")
                break
        return piece
