"""The body of an HTTP answer: read up to a limit, decompressed, and in UTF-8.

The limit is for what comes out of decompression, and is checked while it is read: a few kilobytes can become gigabytes,
and a library that decompresses by itself has them in memory before anybody can look at them.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from contextlib import aclosing
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._util.text import is_utf8, to_utf8
from ..errors import TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

__all__ = ("MAX_RESPONSE_SIZE", "Body", "read_body")

MAX_RESPONSE_SIZE: Final = 64 * 2**20
"""Bytes of an answer unless the user says otherwise."""

_STEP: Final = 2**20
"""Bytes that are decompressed before others run."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
_OURS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_PACKAGES: Final = {"br": ("brotli", "brotlicffi"), "zstd": ("zstandard",)}
"""What httpx decodes other encodings with, where one of them is installed."""


_MARK: Final = 4
"""Bytes of the longest byte order mark."""

_SHOWN: Final = 2**16
"""Bytes of a body beyond the limit that are kept, for the text of an error."""


_MOST_CHARSETS: Final = 16
_charsets: Final[dict[str, str | None]] = {}
"""Charsets by the header `Content-Type`."""


class Body(NamedTuple):
    """What was read, in the pieces in which it came; of a body beyond the limit the beginning.

    A body that was put together would be in memory twice for a moment.
    """

    pieces: deque[bytes]
    complete: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.pieces))

    @property
    def content(self) -> bytes:
        """The pieces together."""
        return b"".join(self.pieces)


async def read_body(response: Any, limit: int | None) -> Body:
    """Read a body, no further than is allowed.

    Args:
        response: An answer that was asked for with `stream=True`, as httpx has it.
        limit: Bytes, decompressed; None for no limit.

    Raises:
        TransportError: It is encoded in a way that cannot be decoded, or not in the way that it says.
        Exception: The library's own: the network broke.
    """
    read: deque[bytes] = deque()
    size = 0
    async with aclosing(_chunks(response)) as chunks:
        async for chunk in chunks:
            if chunk:
                read.append(chunk)
            size += len(chunk)
            if limit is not None and size > limit:
                beginning = to_utf8(_beginning(read, min(limit, _SHOWN)), _charset_of(response))
                return Body(deque([beginning]), complete=False)
    charset = _charset_of(response)
    if not is_utf8(b"".join(islice(read, _MARK)), charset):
        read = deque([to_utf8(b"".join(read), charset)])
    return Body(read, complete=True)


def _charset_of(response: Any) -> str | None:
    """What the headers say of the body. httpx has the package `email` read them anew for each answer."""
    header = response.headers.get("Content-Type", "")
    if header not in _charsets:
        if len(_charsets) >= _MOST_CHARSETS:
            _charsets.clear()
        _charsets[header] = response.charset_encoding
    return _charsets[header]


def _beginning(chunks: Iterable[bytes], size: int) -> bytes:
    beginning = bytearray()
    for chunk in chunks:
        beginning += chunk[: size - len(beginning)]
        if len(beginning) == size:
            break
    return bytes(beginning)


def _chunks(response: Any) -> AsyncGenerator[bytes, None]:
    coding = _coding(response)
    # A hook of the user's HTTP client may have read the body already.
    if getattr(response, "is_stream_consumed", True) or (coding is not None and coding not in _OURS):
        chunks: AsyncGenerator[bytes, None] = response.aiter_bytes()
    elif coding is None:
        chunks = response.aiter_raw()
    else:
        chunks = _decompressed(response.aiter_raw(), _Decompressor(coding))
    return chunks


def _coding(response: Any) -> str | None:
    """How a body is compressed, if it is.

    Raises:
        TransportError: In a way that cannot be undone, or more than once.
    """
    header: str = response.headers.get("Content-Encoding", "")
    codings = [coding for part in header.split(",") if (coding := part.strip().lower()) not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1 or (codings[0] not in _OURS and not _library_decodes(response, codings[0])):
        offered = response.request.headers.get("Accept-Encoding", "none")
        raise TransportError(
            f"Content-Encoding {header[:40]!r} cannot be decoded; the request offered {offered[:80]!r}",
            status=response.status_code,
        )
    return codings[0]


def _library_decodes(response: Any, coding: str) -> bool:
    return hasattr(response, "aiter_bytes") and any(map(find_spec, _PACKAGES.get(coding, ())))


async def _decompressed(raw: AsyncGenerator[bytes, None], decompressor: _Decompressor) -> AsyncGenerator[bytes, None]:
    async with aclosing(raw) as chunks:
        async for chunk in chunks:
            decompressor.feed(chunk)
            while some := decompressor.take(_STEP):
                yield some
                if len(some) == _STEP:
                    await asyncio.sleep(0)
    decompressor.finish()


class _Decompressor:
    """gzip or deflate (RFC 9110, section 8.4.1), so many bytes at a time."""

    def __init__(self, coding: str) -> None:
        self._coding: Final = coding
        self._engine = zlib.decompressobj(zlib.MAX_WBITS if coding == "deflate" else _GZIP)
        self._waiting = b""
        self._has_begun = False

    def feed(self, chunk: bytes) -> None:
        self._waiting += chunk

    def take(self, most: int) -> bytes:
        """The next bytes; none where there are none yet."""
        while self._waiting:
            some = self._decompress(most)
            if self._engine.eof:
                self._next_member()
            else:
                self._waiting = self._engine.unconsumed_tail
            if some:
                return some
        return b""

    def _decompress(self, most: int) -> bytes:
        try:
            some = self._engine.decompress(self._waiting, most)
        except zlib.error as error:
            if self._coding != "deflate" or self._has_begun:
                raise TransportError(f"the answer is not in its Content-Encoding {self._coding!r}: {error}") from error
            self._engine = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send it without its header
            self._has_begun = True
            return self._decompress(most)
        self._has_begun = True
        return some

    def _next_member(self) -> None:
        rest, self._waiting = self._engine.unused_data, b""
        if self._coding != "deflate" and rest.startswith(_GZIP_MAGIC):
            self._waiting, self._engine = rest, zlib.decompressobj(_GZIP)

    def finish(self) -> None:
        """See that it is complete."""
        if self._has_begun and not self._engine.eof:
            raise TransportError(f"the answer ends before its Content-Encoding {self._coding!r} does")
