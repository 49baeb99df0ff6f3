"""From the text of a request to Bayeux messages: an array of objects, or a single object.

It does not know how a transport carries the text.
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
        MalformedRequestError: There is no message, or something that is not one.
    """
    messages = [message for text in texts for message in _parsed(text)]
    if not messages:
        raise MalformedRequestError("expected Bayeux messages; got an empty request")
    return messages


def _parsed(text: str | bytes) -> list[Json]:
    try:
        parsed: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedRequestError(f"expected JSON: {error}") from None
    messages = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(message, dict) for message in messages):
        raise MalformedRequestError("expected an array of JSON objects, or a single object")
    return messages
