"""The processes of client programs: started for a cell, and kept for the next one where that saves a start."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Self

from benchmarks.reliability.client_process import ClientProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from benchmarks.reliability.subjects import Subject
    from benchmarks.reliability.surroundings import Surroundings

__all__ = ("ClientPool",)

_START_TIMEOUT: Final = 60.0


class ClientPool:
    """Lends client processes; those that wait for the next cell are ended at the end of its block.

    Args:
        starts: Bounds how many processes start at the same time.
    """

    def __init__(self, starts: asyncio.Semaphore) -> None:
        self._starts: Final = starts
        self._idle: Final[dict[tuple[str, ...], list[ClientProcess]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(process.close() for processes in self._idle.values() for process in processes))

    @asynccontextmanager
    async def lend(self, subject: Subject, transport: str, around: Surroundings) -> AsyncIterator[ClientProcess]:
        """The process of a client, ready to start."""
        command = subject.command(around.url, transport)
        is_shared = subject.reusable and not around.prefix and not around.environment
        idle = self._idle.setdefault(command, []) if is_shared else []
        process = idle.pop() if idle else await self._begin(command, around)
        process.forget()
        try:
            yield process
        finally:
            if is_shared and await process.stop_client():
                idle.append(process)
            else:
                await process.close()

    async def _begin(self, command: tuple[str, ...], around: Surroundings) -> ClientProcess:
        async with self._starts:
            process = await ClientProcess.begin((*around.prefix, *command), around.environment)
            await process.wait(lambda event: event.name == "ready", _START_TIMEOUT)
            return process
