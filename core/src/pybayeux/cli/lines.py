"""Standard input: lines, as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pipes import read_some

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("lines",)


async def lines(descriptor: int) -> AsyncIterator[list[bytes]]:
    """Lists of lines that could be read together, without their line ends; the last line may lack one."""
    begun = b""
    while chunk := await read_some(descriptor):
        *complete, begun = (begun + chunk).split(b"\n")
        if complete:
            yield complete
    if begun:
        yield [begun]
