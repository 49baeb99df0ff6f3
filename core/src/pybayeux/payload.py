"""From the bytes of a payload to what a receiver asked for: anything that msgspec decodes to, or a pydantic model.

Pydantic need not be installed: a model is known by its own methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("payload_decoder",)


def payload_decoder(type: Any) -> Callable[[bytes], Any]:
    """What decodes payloads into `type`: a pydantic model, a `TypeAdapter`, or what msgspec knows.

    The decoder raises ValueError, or msgspec's DecodeError, for a payload that does not fit.

    Raises:
        UsageError: Nothing can be decoded into such a type.
    """
    for method in ("model_validate_json", "validate_json"):
        if callable(decode := getattr(type, method, None)):
            found: Callable[[bytes], Any] = decode
            return found
    try:
        return msgspec.json.Decoder(type).decode
    except TypeError as error:
        raise UsageError(f"type={type!r} is nothing that data can be decoded into: {error}") from error
