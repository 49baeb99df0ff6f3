"""Z85, ZeroMQ's base 85 (RFC 32 of ZeroMQ), in CometD's variant: without padding.

Four bytes, the most significant first, become five digits to the base 85. If n % 4 = r bytes are left over, they are
filled up with zeros, and the first r + 1 digits are sent. The decoder adds digits of the highest value, which rounds up
to the same r bytes. ZeroMQ's own Z85 has only whole groups, and those are the same in both.

The arithmetic is that of the standard library's ``base64.b85encode``, which only has another alphabet.
"""

from __future__ import annotations

import base64
import re
from typing import Final

__all__ = ("decode", "encode")

_ALPHABET: Final = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_LIBRARY: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_TO_Z85: Final = bytes.maketrans(_LIBRARY, _ALPHABET)
_FROM_Z85: Final = bytes.maketrans(_ALPHABET, _LIBRARY)
_FOREIGN: Final = re.compile(f"[^{re.escape(_ALPHABET.decode())}]")


def encode(data: bytes) -> str:
    """Return the text for n bytes: n + n // 4 characters, and one more if n is not a multiple of 4."""
    return base64.b85encode(data).translate(_TO_Z85).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of a text.

    Raises:
        ValueError: A character is not in the alphabet of Z85, no bytes have a text of this length, or five characters
            have a value above that of four bytes.
    """
    if (foreign := _FOREIGN.search(text)) is not None:
        raise ValueError(f"Z85 has no character {foreign[0]!r}, at position {foreign.start()}")
    if len(text) % 5 == 1:
        raise ValueError(f"Z85: no bytes have a text of {len(text)} characters, one is left over")
    try:
        return base64.b85decode(text.encode("ascii").translate(_FROM_Z85))
    except ValueError as error:
        raise ValueError(f"Z85: five characters have a value above that of four bytes ({error})") from None
