"""Waiting for a held connect to be due, or for a client to close its connection.

Owns the timer that the protocol engine does not have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import Receive

    from ..protocol.sessions import Hold

__all__ = ("client_left", "client_left_before", "wait_for_hold")


async def wait_for_hold(hold: Hold) -> None:
    """Wait until a held connect has to be answered: until it is woken, or its timeout is over."""
    woken = asyncio.Event()
    hold.when_woken(woken.set)
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), hold.timeout)


async def client_left(receive: Receive) -> None:
    """Wait until the client has closed its connection."""
    while not (await receive())["type"].endswith(".disconnect"):
        pass


async def client_left_before(awaited: Awaitable[object], receive: Receive) -> bool:
    """Wait for something, or for the client to close its connection.

    Returns:
        Whether the client left first.
    """
    left = asyncio.ensure_future(client_left(receive))
    wanted = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait((left, wanted), return_when=asyncio.FIRST_COMPLETED)
        return not wanted.done()
    finally:
        for waiting in (left, wanted):
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
