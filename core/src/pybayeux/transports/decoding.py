"""The messages in what a server answered, and what to say where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..codec import decode
from ..errors import MessageDecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._util.redact import Redactor
    from ..message import Message

__all__ = ("decode_answer", "refusals_in")

_SHOWN: Final = 10_000
"""Bytes that are looked at for an error's text: far more than it shows, so that no secret is cut there."""


def decode_answer(body: bytes, redact: Redactor, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
    """The messages in an answer.

    Args:
        body: What came.
        redact: Takes secrets out of a text.
        unwrap: Takes the JSON out of it; raises MessageDecodeError where there is none.

    Raises:
        MessageDecodeError: It is no Bayeux.
    """
    try:
        return decode(unwrap(body))
    except MessageDecodeError as error:
        # The error's own text is what came from the wire: only the redacted one goes on, and a secret that a cut has
        # maimed would not be known again.
        raise MessageDecodeError(error.why, redact(body[:_SHOWN].decode("utf-8", "replace"))) from None


def refusals_in(body: bytes, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
    """The messages of an answer with a bad status: all of them, or none where some are no Bayeux or nothing is refused.

    Other services answer errors with JSON too, Salesforce's REST among them: their objects have no channel.
    """
    try:
        messages = decode(unwrap(body))
    except MessageDecodeError:
        return []
    is_bayeux = all(message.channel.startswith("/") for message in messages)
    return messages if is_bayeux and any(message.successful is False for message in messages) else []
