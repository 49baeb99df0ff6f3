"""Fake logins: one that a test finishes, and one that returns numbered tokens."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from pybayeux_auth import Grant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pybayeux.testing import Clock

__all__ = ("ManualLogin", "numbered_grants")


class ManualLogin:
    """A login that waits until the test sets `finish`.

    Args:
        results: The results of its calls, in order; an exception is raised.

    Attributes:
        started: The number of calls.
        ended: The number of calls that returned, raised or were cancelled.
    """

    def __init__(self, *results: str | Grant | Exception) -> None:
        self.results = list(results)
        self.finish = asyncio.Event()
        self.started = 0
        self.ended = 0

    async def __call__(self) -> str | Grant:
        self.started += 1
        try:
            await self.finish.wait()
        finally:
            self.ended += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def numbered_grants(lifetime: float | None, clock: Clock) -> Callable[[], Awaitable[Grant]]:
    """Return a login function whose grants have the tokens ``token-1``, ``token-2`` and so on."""
    numbers = count(1)

    async def login() -> Grant:
        await asyncio.sleep(0)
        expires_at = None if lifetime is None else clock() + lifetime
        return Grant(access_token=f"token-{next(numbers)}", expires_at=expires_at)

    return login
