"""A large array of messages, decoded in slices: each takes less than a millisecond, and others run between them.

The array comes in pieces, as the network brought it, and is never put together as a whole: only as much of it as a few
slices need. Each piece is let go of when it is decoded.

A slice ends where one object seems to end and another to begin. That it does is proved by decoding: a slice that was
cut inside of a string or a nested array is no JSON. Only where no such place is found (an event that is itself large,
or one value that is no JSON) are the elements looked for one by one, which takes far longer.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from .._util.json_scan import Broken, elements_of
from .._util.json_text import beginning_of
from ..codec import Decoded, decode_batch
from ..errors import MessageDecodeError
from ..message import Message

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

__all__ = ("slices_of",)

_SLICE: Final = 2**16
"""Bytes of a slice. The events of twice as many leave the processor's cache before they are handled, and cost a sixth
more."""
_WINDOW: Final = 2**18
"""Bytes that are put together at a time."""
_ATTEMPTS: Final = 12
_FAR_ATTEMPTS: Final = 2
"""How many places are tried at the first distance, and at others."""
_LARGE: Final = 2**21
"""Bytes beyond which no text is looked at for longer than it takes to decode it."""
_COMMA: Final = 0x2C
_MOST_MESSAGES: Final = 2**21
_MOST_MALFORMED: Final = 100
"""Messages without a channel that one answer may have: each is reported."""

_BETWEEN: Final = re.compile(rb"\}\s*,\s*(?=\{)")
_ARRAY: Final = re.compile(rb"\s*\[")
_decoder: Final = msgspec.json.Decoder(list[Message])
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw])

_Slice: TypeAlias = "tuple[Decoded, int]"


def slices_of(pieces: Iterable[bytes]) -> Iterator[Decoded]:
    """The messages of an array, slice by slice; an empty slice now and then, where finding the next takes its time.

    Args:
        pieces: What came, in order. A deque is emptied meanwhile.

    Raises:
        MessageDecodeError: It is no array of messages, or is not complete; slices before the fault were returned.
    """
    pieces = pieces if isinstance(pieces, deque) else deque(pieces)
    body = _joined(b"", pieces, _WINDOW)
    if (array := _ARRAY.match(body)) is None:
        yield decode_batch(_joined(body, pieces))
        return
    start, count, malformed, beginning = array.end() - 1, 0, 0, beginning_of(body)
    while True:
        if pieces and len(body) - start < 2 * _SLICE:
            body, start = _joined(b"[" + body[start + 1 :], pieces, _WINDOW), 0
        found = yield from _by_guess(body, start)
        if found is None and pieces:
            body, start = _joined(b"[" + body[start + 1 :], pieces), 0
            found = yield from _by_guess(body, start)
        decoded, start = found or _to_the_end(body, start) or (yield from _by_scan(body, start))
        count += len(decoded.messages)
        if count > _MOST_MESSAGES:
            raise MessageDecodeError(f"more than {_MOST_MESSAGES} messages in one answer", beginning)
        malformed += sum(not message.channel for message in decoded.messages)
        if malformed > _MOST_MALFORMED:
            raise MessageDecodeError(f"more than {_MOST_MALFORMED} messages without a channel", beginning)
        yield decoded
        if start == len(body) and not pieces:
            return


def _joined(beginning: bytes, pieces: deque[bytes], size: int | None = None) -> bytes:
    """The beginning and the next pieces together, until there are so many bytes."""
    taken, length = [beginning] if beginning else [], len(beginning)
    while pieces and (size is None or length < size):
        taken.append(pieces.popleft())
        length += len(taken[-1])
    return b"".join(taken)


def _by_guess(body: bytes, start: int) -> Generator[Decoded, None, _Slice | None]:
    """Find the next slice and where the one after it begins; None where no end is found easily."""
    distance, attempts = _SLICE, _ATTEMPTS
    while start + distance < len(body):
        place = start + distance
        for _ in range(attempts):
            between = _BETWEEN.search(body, place, place + _SLICE)
            if between is None:
                break
            decoded = _attempt(b"[%b}]" % body[start + 1 : between.start()])
            if decoded is not None:
                return decoded, between.end() - 1
            place = between.end()
            yield Decoded([], [])
        distance, attempts = distance * 2, _FAR_ATTEMPTS
    return None


def _to_the_end(body: bytes, start: int) -> _Slice | None:
    """The last slice; None where what is left is no array, or too large to be sure."""
    decoded = _attempt(b"[" + body[start + 1 :])
    return None if decoded is None else (decoded, len(body))


def _attempt(array: bytes) -> Decoded | None:
    """The messages in what may be an array; None where it is none, or is to be looked at in smaller pieces."""
    try:
        return Decoded(_decoder.decode(array), [])
    except msgspec.ValidationError:
        if len(array) > _LARGE:
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    try:
        _elements.decode(array)
    except (msgspec.DecodeError, RecursionError):
        return None
    return decode_batch(array)


def _by_scan(body: bytes, start: int) -> Generator[Decoded, None, _Slice]:
    """Find elements one by one until they make a slice; then as `_by_guess` has it."""
    end = start + 1
    try:
        for place in elements_of(body, start):
            if place is None:
                yield Decoded([], [])
                continue
            if place[1] - place[0] > _LARGE and place[0] > start + 1:
                return decode_batch(b"[%b]" % body[start + 1 : end]), end
            end = place[1]
            if end - start >= _SLICE and body[end] == _COMMA:
                return _decoded(body[start + 1 : end]), end
    except Broken as error:
        raise MessageDecodeError(f"not JSON ({error})", beginning_of(body)) from error
    return _decoded(body[start + 1 : end]), len(body)


def _decoded(elements: bytes) -> Decoded:
    if len(elements) <= _LARGE + _SLICE:
        return decode_batch(b"[%b]" % elements)
    # One element. Where it is no JSON, to find its members would stop everything else for seconds.
    return _attempt(b"[%b]" % elements) or Decoded([Message(channel="", data=beginning_of(elements))], [])
