"""JSON text of values, and how much is shown of a text that cannot be decoded.

Owns what becomes of values that msgspec does not encode itself. Decoding is done where it is known what is expected.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

__all__ = ("beginning_of", "encode_other", "to_json")

_SHOWN: Final = 200


def encode_other(value: Any) -> Any:
    """Encode values that msgspec does not encode itself: subclasses of str, such as Channel, and pydantic models.

    Members of models have the names that they are read by.
    """
    if isinstance(value, str):
        return str(value)
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json", by_alias=True)
    raise TypeError(f"JSON cannot express a value of type {type(value).__name__}")


_encoder: Final = msgspec.json.Encoder(enc_hook=encode_other)


def to_json(value: Any) -> bytes:
    """The value as JSON text in UTF-8.

    Raises:
        TypeError: JSON cannot express the value.
    """
    try:
        return _encoder.encode(value)
    except (ValueError, RecursionError) as error:
        raise TypeError(f"JSON cannot express this value: {error}") from error


def beginning_of(body: bytes | bytearray | memoryview | str | Raw) -> str:
    """The first characters of a text that could not be decoded, for an error text."""
    return body[:_SHOWN] if isinstance(body, str) else bytes(body)[:_SHOWN].decode("utf-8", "replace")
