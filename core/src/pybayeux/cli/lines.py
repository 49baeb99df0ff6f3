"""Standard input: lines, as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pipes import read_some

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("lines",)


async def lines(descriptor: int) -> AsyncIterator[list[bytes]]:
    """The lines that were there to read together, without their ends; the last one may lack its end."""
    begun = b""
    while chunk := await read_some(descriptor):
        *complete, begun = (begun + chunk).split(b"\n")
        if complete:
            yield complete
    if begun:
        yield [begun]
