"""Waiting, for as long as a connect is held.

Owns the timer that the engine does not have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sessions import Hold

__all__ = ("over",)


async def over(hold: Hold) -> None:
    """Wait until a held connect has to be answered."""
    woken = asyncio.Event()
    hold.when_woken(woken.set)
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), hold.timeout)
