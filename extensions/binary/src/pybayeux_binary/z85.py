"""Z85, ZeroMQ's base 85 (RFC 32 of ZeroMQ), in the variant that CometD speaks: without padding.

Four bytes, the first the most significant, are five digits to the base 85. Where n % 4 = r bytes are left over, they
are taken as the first of four, the others zero, and the first r + 1 digits are sent; who reads them adds digits of the
highest value, which rounds up to the same r bytes. ZeroMQ's own Z85 has whole groups only; of these, both are the same.

The arithmetic is that of the standard library's ``base64.b85encode``, which differs in its alphabet alone.
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
    """The text of these bytes: n + n // 4 characters, and one more where n is no multiple of 4."""
    return base64.b85encode(data).translate(_TO_Z85).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        ValueError: There is a character in it that Z85 does not have, its length is none that bytes can have, or five
            characters mean more than four bytes can.
    """
    if (foreign := _FOREIGN.search(text)) is not None:
        raise ValueError(f"Z85 has no character {foreign[0]!r}, at position {foreign.start()}")
    if len(text) % 5 == 1:
        raise ValueError(f"no bytes have {len(text)} characters of Z85: one of them is left over")
    try:
        return base64.b85decode(text.encode("ascii").translate(_FROM_Z85))
    except ValueError as error:
        raise ValueError(f"Z85: five characters mean more than four bytes can hold ({error})") from None
