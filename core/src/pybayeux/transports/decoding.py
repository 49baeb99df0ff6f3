"""Bayeux messages in the bytes of an answer or a frame, and the error where there are none.

A large body is decoded in slices, and others run between them: reading a million events in one go takes half a second.
Each slice is received before the next one is decoded, and the bytes of a slice are let go of with it, so that a million
events need not be in memory together.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..codec import damage_of, decode, decode_batch
from ..errors import MessageDecodeError
from ..session.replies import parted
from .slicing import slices_of

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable

    from .._util.redact import Redactor
    from ..codec import Decoded
    from ..message import Message
    from .base import TransportContext

__all__ = ("LARGE", "read_messages", "receive_large", "redacted", "refusals_in", "report_damage")

LARGE: Final = 2**18
"""Bytes of a body that is decoded in slices: one of fewer takes a millisecond."""

_ERROR_TEXT: Final = 10_000
"""Bytes that are read for an error's text: far more than it has room for, so that no secret is cut in two."""

_FIRST_PIECES: Final = 4
"""Pieces in which these are, as a rule."""

_MOST_REPORTS: Final = 10


async def read_messages(
    body: bytes, context: TransportContext, unwrap: Callable[[bytes], bytes] = bytes
) -> list[Message]:
    """The messages in an answer that are to be received; what is damaged among them is reported.

    Of a large answer these are the replies: its events are received here, slice by slice.

    Args:
        body: What came, in UTF-8.
        context: Knows the secrets, and takes messages and reports.
        unwrap: Returns the JSON in it; raises MessageDecodeError where there is none.

    Raises:
        MessageDecodeError: It is not Bayeux.
    """
    try:
        json = unwrap(body)
        if len(json) <= LARGE:
            return report_damage(decode_batch(json), context)
        return await _receive_events([json], context)
    except MessageDecodeError as error:
        raise redacted(error, body, context.redact) from None


async def receive_large(pieces: deque[bytes], context: TransportContext) -> None:
    """Receive a large answer: its events slice by slice, then its replies.

    Args:
        pieces: What came, in UTF-8. Emptied meanwhile.
        context: As for `read_messages`.

    Raises:
        MessageDecodeError: It is not Bayeux.
    """
    beginning = b"".join(islice(pieces, _FIRST_PIECES))[:_ERROR_TEXT]
    try:
        replies = await _receive_events(pieces, context)
    except MessageDecodeError as error:
        raise redacted(error, beginning, context.redact) from None
    await context.receive(replies)


async def _receive_events(pieces: Iterable[bytes], context: TransportContext) -> list[Message]:
    others: list[Message] = []
    for decoded in slices_of(pieces):
        events, replies = parted(report_damage(decoded, context))
        others += replies
        if events:
            await context.receive(events)
        await asyncio.sleep(0)
    return others


def report_damage(decoded: Decoded, context: TransportContext) -> list[Message]:
    """The messages, after those of which something was no JSON were reported."""
    for message in decoded.damaged[:_MOST_REPORTS]:
        what = context.redact(f"a message on {message.channel or 'no channel'}: {damage_of(message)}", 400)
        context.report(MessageDecodeError(what))
    if (more := len(decoded.damaged) - _MOST_REPORTS) > 0:
        context.report(MessageDecodeError(f"{more} more messages of the same batch hold what is no JSON"))
    return decoded.messages


def redacted(error: MessageDecodeError, body: bytes, redact: Redactor) -> MessageDecodeError:
    """The error for this body without secrets in its text, which is the beginning of the body."""
    # Redacted before it is cut: half a secret would not be recognised.
    return MessageDecodeError(error.why, redact(body[:_ERROR_TEXT].decode("utf-8", "replace")))


def refusals_in(body: bytes, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
    """The messages of an answer with a bad status; none where some are not Bayeux, or nothing is refused.

    Other services answer errors with JSON too, Salesforce's REST among them: their objects have no channel.
    """
    if len(body) > LARGE:
        return []
    try:
        messages = decode(unwrap(body))
    except MessageDecodeError:
        return []
    is_bayeux = all(message.channel.startswith("/") for message in messages)
    return messages if is_bayeux and any(message.successful is False for message in messages) else []
