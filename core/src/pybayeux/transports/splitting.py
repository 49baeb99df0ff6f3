"""Batches that are larger than a server takes: cut into several, in order, each as large as is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..codec import encode
from ..errors import TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..message import Message

__all__ = ("SizeLimit", "Split", "send_in_parts", "split")


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """How large a request may be.

    Attributes:
        most: The largest size.
        unit: What it is measured in.
        option: The option that sets it, for texts.
        size_of: The size of a request that carries this JSON array. One more byte of JSON makes it larger by as much
            wherever it stands.

    Raises:
        UsageError: `most` is less than one.
    """

    most: int
    unit: str
    option: str
    size_of: Callable[[bytes], int]

    def __post_init__(self) -> None:
        if self.most < 1:
            raise UsageError(f"{self.option}={self.most} is less than 1")


class Split(NamedTuple):
    """A batch, cut into those that may be sent and the messages that are too large even alone."""

    parts: list[list[Message]]
    too_large: list[Message]


def split(messages: Sequence[Message], limit: SizeLimit) -> Split:
    """Cut a batch so that no part is larger than the limit, and no two neighbours would fit together."""
    empty = limit.size_of(b"[]")
    comma = limit.size_of(b"[,]") - empty
    result, size = Split([], []), limit.most + 1
    for message in messages:
        alone = limit.size_of(encode([message]))
        if alone > limit.most:
            result.too_large.append(message)
            continue
        size += comma + alone - empty
        if size > limit.most:
            result.parts.append([])
            size = alone
        result.parts[-1].append(message)
    return result


async def send_in_parts(
    messages: list[Message], limit: SizeLimit | None, send: Callable[[list[Message], bytes], Awaitable[None]]
) -> None:
    """Send a batch as one request, or as several where it is larger than the limit, one after the other.

    Args:
        messages: The batch.
        limit: How large a request may be, or None for as large as it comes.
        send: Is awaited with the messages of each request and the JSON array that they make.

    Raises:
        TransportError: A message is too large by itself; the others have been sent by then, and answered. Or a
            request failed; the ones after it have not been sent.
    """
    body = encode(messages)
    if limit is None or limit.size_of(body) <= limit.most:
        await send(messages, body)
        return
    cut = split(messages, limit)
    for number, part in enumerate(cut.parts):
        try:
            await send(part, encode(part))
        except TransportError as error:
            if number and error.unsent:
                raise _partly_sent(error) from error
            raise
    if cut.too_large:
        raise _too_large(cut.too_large, limit)


def _partly_sent(error: TransportError) -> TransportError:
    """That a request never left holds for a part alone: a message of an earlier one must not be sent again for it."""
    return TransportError(
        error.why, status=error.status, body=error.body, retry_after=error.retry_after, fatal=error.fatal
    )


def _too_large(messages: Sequence[Message], limit: SizeLimit) -> TransportError:
    largest = max(messages, key=lambda message: len(encode([message])))
    size = limit.size_of(encode([largest]))
    others = f" ({len(messages) - 1} more are too large)" if len(messages) > 1 else ""
    return TransportError(
        f"a message on {largest.channel} takes {size} {limit.unit}, {limit.option} is {limit.most}{others}", fatal=True
    )
