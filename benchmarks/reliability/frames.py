"""WebSocket frames as the proxy reads and writes them; the parser is that of the library websockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import Generator

__all__ = ("Frame", "Opcode", "read_frame", "text")


def _ask(count: int) -> Generator[int, bytes, bytes]:
    return (yield count)


async def read_frame(reader: StreamReader, *, masked: bool) -> Frame:
    """The next frame.

    Args:
        reader: The connection.
        masked: Whether it comes from the client.

    Raises:
        EOFError: The connection ended.
    """
    parsing: Generator[int, bytes, Frame] = Frame.parse(_ask, mask=masked)  # type: ignore[arg-type, assignment]
    count = next(parsing)
    while True:
        try:
            count = parsing.send(await reader.readexactly(count))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def text(body: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    """The bytes of a frame from the server."""
    return Frame(opcode, body).serialize(mask=False)
