"""Coroutines that nobody can wait for, run one after the other in the order they came."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Chores",)


class Chores:
    """A queue of coroutines with one worker, which exists only while there is something to do."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error: Final = on_error
        self._waiting: deque[Awaitable[object]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def add(self, chore: Awaitable[object]) -> None:
        """Have this awaited after all that was added before."""
        self._waiting.append(chore)
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._work())

    async def finish(self) -> None:
        """Wait until everything is done; a chore may wait for its own kind without waiting for itself."""
        if self._worker is not None and self._worker is not asyncio.current_task():
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._do(self._waiting.popleft())
        finally:
            self._worker = None

    async def _do(self, chore: Awaitable[object]) -> None:
        try:
            await chore
        except Exception as error:
            self._on_error(error)
