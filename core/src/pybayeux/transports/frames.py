"""`FrameSplitter`: the frames in what is read from a WebSocket (RFC 6455, section 5.2).

Knows lengths, and which frames are a whole text message. What another frame means is the library's to know.
"""

from __future__ import annotations

from typing import Final

__all__ = ("FrameSplitter",)

_TEXT: Final = 0x81
"""The first byte of a frame that is a whole text message, not compressed."""
_TWO_BYTES: Final = 126
_EIGHT_BYTES: Final = 127
_MASK: Final = 0x80


class FrameSplitter:
    """Splits bytes into frames. An incomplete frame waits here for the rest of it.

    A library's parser makes about thirty calls for a frame; most frames are whole text messages, and of these there is
    nothing to know but where they begin and end.

    Args:
        max_size: Bytes of a frame beyond which it is not waited for: `take_frame` returns what has come of it.
    """

    def __init__(self, max_size: int | None) -> None:
        self._max_size: Final = max_size
        self._data = b""
        self._position = 0
        self._incomplete: list[bytes] = []
        self._missing = 0

    def feed(self, data: bytes) -> None:
        """Add what was read, when all before it was taken."""
        if self._missing > len(data):
            self._incomplete.append(data)
            self._missing -= len(data)
            return
        self._data = b"".join((*self._incomplete, data)) if self._incomplete else data
        self._incomplete.clear()
        self._position = self._missing = 0

    def take_texts(self, messages: list[bytes]) -> bool:
        """Append the whole text messages that come next to these; return whether anything else is behind them."""
        data, position, end = self._data, self._position, len(self._data)
        longest = end if self._max_size is None else self._max_size
        while position + 2 <= end and data[position] == _TEXT:
            length, begin = data[position + 1], position + 2
            if length >= _TWO_BYTES:
                if length > _EIGHT_BYTES:
                    break
                begin += 2 if length == _TWO_BYTES else 8
                length = int.from_bytes(data[position + 2 : begin], "big")
            if length > longest or begin + length > end:
                break
            position = begin + length
            messages.append(data[begin:position])
        self._position = position
        if position < end:
            return True
        self._data = b""  # a connection that is idle keeps no memory
        return False

    def take_frame(self) -> bytes:
        """Return the next frame, of any kind; nothing while it is incomplete."""
        begin, available = self._position, len(self._data) - self._position
        length = self._length_at(begin)
        if length > available:
            if available:
                self._incomplete.append(self._data[begin:])
            self._data, self._missing = b"", length - available
            return b""
        self._position += length
        return self._data[begin : self._position]

    def take_all(self) -> bytes:
        """Return everything that is left, frame or not."""
        data, self._data = b"".join((*self._incomplete, self._data[self._position :])), b""
        self._incomplete.clear()
        self._position = self._missing = 0
        return data

    def _length_at(self, begin: int) -> int:
        """The bytes of the frame that begins here, its header included, or as many as show that."""
        header = self._data[begin : begin + 10]
        if len(header) < 2:
            return 2
        short, size = header[1] & ~_MASK, 2 + (4 if header[1] & _MASK else 0)
        if short < _TWO_BYTES:
            return size + short
        extended = 2 if short == _TWO_BYTES else 8
        if len(header) < 2 + extended:
            return 2 + extended
        length = int.from_bytes(header[2 : 2 + extended], "big")
        if self._max_size is not None and length > self._max_size:
            return len(self._data) - begin
        return size + extended + length
