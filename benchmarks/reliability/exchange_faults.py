"""The faults of single exchanges: what becomes of a reply, or of a request that a gateway answers.

Each is a function of the reply, so that it means the same over long-polling and over WebSocket.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from benchmarks.reliability.exchanges import Place, repeat_replies
from benchmarks.reliability.http_messages import HttpMessage
from benchmarks.reliability.replies import LinkEnd, Swap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.reliability.replies import Reply

__all__ = (
    "HTML",
    "OnReply",
    "Refusal",
    "Released",
    "SwappedReplies",
    "bad_gzip",
    "cut_body",
    "duplicate",
    "empty",
    "garbage",
    "half_open",
    "html",
    "reset_after",
    "reset_before",
    "reset_during",
    "trickle",
    "wrong_length",
    "wrong_type",
)

HTML: Final = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
GARBAGE: Final = b'\x1f\x00[{"channel": /meta\xff\xfe'
_PIECES: Final = 20
_PIECE_PAUSE: Final = 0.05


@dataclass(frozen=True)
class OnReply:
    """A fault that changes or withholds the replies at its place. The server has processed the requests."""

    function: Callable[[Reply], Awaitable[None]]
    replaces_server: bool = field(default=False, init=False)
    upgrade: HttpMessage | None = field(default=None, init=False)

    def takes(self, places: set[Place], place: Place) -> bool:
        return place in places

    async def act(self, reply: Reply) -> None:
        await self.function(reply)


class Refusal:
    """A gateway that answers with an HTTP status in the server's place; a WebSocket breaks and cannot be upgraded."""

    replaces_server: Final = True

    def __init__(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        start = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
        self.upgrade: Final = HttpMessage(start, ((b"content-type", b"text/html"), *headers), HTML)

    def takes(self, places: set[Place], place: Place) -> bool:
        return place in places

    async def act(self, reply: Reply) -> None:
        await reply.refuse(self.upgrade)


class SwappedReplies:
    """Two replies that are on their way at the same time change places."""

    replaces_server: Final = False
    upgrade: Final = None

    def __init__(self) -> None:
        self._swap: Final = Swap()

    def takes(self, places: set[Place], place: Place) -> bool:
        return place in places or (self._swap.pending and bool(places))

    async def act(self, reply: Reply) -> None:
        await reply.swap(self._swap)


class Released:
    """Replies come only when the fault has ended: late, but whole."""

    replaces_server: Final = False
    upgrade: Final = None

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended: Final = ended

    def takes(self, places: set[Place], place: Place) -> bool:
        return place in places

    async def act(self, reply: Reply) -> None:
        body = await reply.fetch()
        await self._ended.wait()
        await reply.write(reply.wire(body))


async def reset_before(reply: Reply) -> None:
    """The connection is reset in place of the reply."""
    await reply.fetch()
    raise LinkEnd(reset=True)


async def reset_during(reply: Reply) -> None:
    """The connection is reset in the middle of the reply."""
    await _write_half(reply)
    raise LinkEnd(reset=True)


async def reset_after(reply: Reply) -> None:
    """The connection is reset right after the reply."""
    await reply.write(reply.wire(await reply.fetch()))
    # A reset overtakes what was sent, so the client gets a moment to read it.
    await asyncio.sleep(_PIECE_PAUSE)
    raise LinkEnd(reset=True)


async def cut_body(reply: Reply) -> None:
    """The connection is closed in the middle of the reply."""
    await _write_half(reply)
    raise LinkEnd(reset=False)


async def _write_half(reply: Reply) -> None:
    body = await reply.fetch()
    await reply.write(reply.wire(body)[: -max(1, len(body) // 2)])


async def half_open(reply: Reply) -> None:
    """The connection is dead, and neither side hears of it."""
    await reply.fetch()
    await reply.silence()


async def trickle(reply: Reply) -> None:
    """The reply comes in twenty pieces within a second."""
    content = reply.wire(await reply.fetch())
    step = -(-len(content) // _PIECES)
    for begin in range(0, len(content), step):
        await reply.write(content[begin : begin + step])
        await asyncio.sleep(_PIECE_PAUSE)


async def wrong_length(reply: Reply) -> None:
    """The reply says that it is half as long as it is."""
    await reply.write(reply.short(await reply.fetch()))
    raise LinkEnd(reset=False)


async def wrong_type(reply: Reply) -> None:
    """The reply says that it is an image; over WebSocket it is a binary message."""
    await reply.write(reply.mistyped(await reply.fetch()))


async def bad_gzip(reply: Reply) -> None:
    """The reply says that it is compressed, and is not."""
    await reply.write(reply.miscompressed(await reply.fetch()))


async def garbage(reply: Reply) -> None:
    """The reply is replaced with bytes that are not JSON, nor UTF-8."""
    await _replace(reply, GARBAGE)


async def html(reply: Reply) -> None:
    """The reply is replaced with a page, with status 200."""
    await _replace(reply, HTML)


async def empty(reply: Reply) -> None:
    """The reply is replaced with nothing, with status 200."""
    await _replace(reply, b"")


async def _replace(reply: Reply, body: bytes) -> None:
    await reply.fetch()
    await reply.write(reply.wire(body))


async def duplicate(reply: Reply) -> None:
    """The reply comes twice."""
    await reply.write(reply.wire(repeat_replies(await reply.fetch())))
