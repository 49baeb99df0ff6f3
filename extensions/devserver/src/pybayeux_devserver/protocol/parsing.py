"""From the text of a request to Bayeux messages.

Owns what counts as messages: an array of objects, or a single object. How a text travels is each transport's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .errors import MalformedRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..options import Json

__all__ = ("parse_messages",)


def parse_messages(texts: Iterable[str | bytes]) -> list[Json]:
    """The messages of a request.

    Raises:
        MalformedRequestError: There are none, or something else.
    """
    messages = [message for text in texts for message in _parsed(text)]
    if not messages:
        raise MalformedRequestError("no messages")
    return messages


def _parsed(text: str | bytes) -> list[Json]:
    try:
        parsed: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedRequestError(f"not JSON: {error}") from None
    messages = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(message, dict) for message in messages):
        raise MalformedRequestError("a message is a JSON object")
    return messages
