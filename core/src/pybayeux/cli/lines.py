"""Standard input: lines in UTF-8, as they come, whatever encoding PowerShell or an editor wrote them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.text import Utf8Stream
from .pipes import read_some

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("lines",)


async def lines(descriptor: int) -> AsyncIterator[list[bytes]]:
    """The lines that were there to read together, without their ends; the last one may lack its end."""
    begun, stream = b"", Utf8Stream()
    while chunk := await read_some(descriptor):
        *complete, begun = (begun + stream.feed(chunk)).split(b"\n")
        if complete:
            yield complete
    *complete, begun = (begun + stream.feed(b"", final=True)).split(b"\n")
    if complete:
        yield complete
    if begun:
        yield [begun]
