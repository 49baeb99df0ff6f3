"""Logins as tests want them: let go when it suits, or with numbers."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from pybayeux_auth import (
    Grant,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pybayeux.testing import Clock


class Login:
    """A login that a test lets go on when it likes."""

    def __init__(self, *results: str | Grant | Exception) -> None:
        self.results = list(results)
        self.going = asyncio.Event()
        self.started = 0
        self.ended = 0

    async def __call__(self) -> str | Grant:
        self.started += 1
        try:
            await self.going.wait()
        finally:
            self.ended += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def numbered_grants(lifetime: float | None, clock: Clock) -> Callable[[], Awaitable[Grant]]:
    numbers = count(1)

    async def login() -> Grant:
        await asyncio.sleep(0)
        expires_at = None if lifetime is None else clock() + lifetime
        return Grant(access_token=f"token-{next(numbers)}", expires_at=expires_at)

    return login
