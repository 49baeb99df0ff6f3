"""Bayeux messages in the bytes of an answer or a frame, and the error where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..codec import decode
from ..errors import MessageDecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._util.redact import Redactor
    from ..message import Message

__all__ = ("decode_answer", "redacted", "refusals_in")

_ERROR_TEXT: Final = 10_000
"""Bytes that are read for an error's text: far more than it has room for, so that no secret is cut in two."""


def decode_answer(body: bytes, redact: Redactor, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
    """The messages in an answer.

    Args:
        body: What came.
        redact: Takes secrets out of a text.
        unwrap: Returns the JSON in it; raises MessageDecodeError where there is none.

    Raises:
        MessageDecodeError: It is not Bayeux.
    """
    try:
        return decode(unwrap(body))
    except MessageDecodeError as error:
        raise redacted(error, body, redact) from None


def redacted(error: MessageDecodeError, body: bytes, redact: Redactor) -> MessageDecodeError:
    """The error for this body without secrets in its text, which is the beginning of the body."""
    # Redacted before it is cut: half a secret would not be recognised.
    return MessageDecodeError(error.why, redact(body[:_ERROR_TEXT].decode("utf-8", "replace")))


def refusals_in(body: bytes, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
    """The messages of an answer with a bad status; none where some are not Bayeux, or nothing is refused.

    Other services answer errors with JSON too, Salesforce's REST among them: their objects have no channel.
    """
    try:
        messages = decode(unwrap(body))
    except MessageDecodeError:
        return []
    is_bayeux = all(message.channel.startswith("/") for message in messages)
    return messages if is_bayeux and any(message.successful is False for message in messages) else []
