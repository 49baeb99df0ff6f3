"""Runs the cells of the matrix, many at the same time: most of their time they wait."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from benchmarks.reliability.cell import Cell, Outcome, run_cell
from benchmarks.reliability.client_pool import ClientPool
from benchmarks.reliability.client_process import ClientDied
from benchmarks.reliability.exchanges import Place
from benchmarks.reliability.faults import FAULTS
from benchmarks.reliability.servers import MatrixServer, make_server
from benchmarks.reliability.surroundings import Kind, make_surroundings, why_not
from tests.servers.process import ChildError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from benchmarks.reliability.subjects import Subject

__all__ = ("AT_ONCE", "cells_of", "is_quick", "run_cells")

AT_ONCE: Final = 10
"""How many cells run at the same time."""

_LONG: Final = 30.0
"""Seconds from which a fault does nothing but wait: it takes no room from the others."""
_LONG_AT_ONCE: Final = 6

_STARTS_AT_ONCE: Final = 2
"""How many processes start at the same time. Each takes a second of a core, which the clock of a cell must not feel."""

_QUICK: Final = (
    ("refuse", Place.HANDSHAKE),
    ("reset during the reply", Place.CONNECT),
    ("503", Place.PUBLISH),
    ("swapped replies", Place.SUBSCRIBE),
    ("TLS failure", Place.HANDSHAKE),
    ("DNS failure", Place.CONNECT),
    ("clock jump", Place.CONNECT),
    ("session dropped", Place.CONNECT),
)
"""A cell of each kind."""


def cells_of(subjects: Iterable[Subject], only: Callable[[Cell], bool] = lambda _: True) -> list[Cell]:
    """The cells of some clients, those that take longest first."""
    cells = [
        Cell(subject, target, fault, place)
        for subject in subjects
        for target in subject.targets
        for fault in FAULTS
        if not subject.only or fault.name in subject.only
        for place in Place
    ]
    return sorted(filter(only, cells), key=lambda cell: -cell.fault.seconds)


def is_quick(cell: Cell) -> bool:
    """Whether a cell is among the few that show in seconds that the matrix works."""
    return (cell.fault.name, cell.place) in _QUICK and cell.target.server in ("Faye", "devserver")


async def run_cells(cells: Sequence[Cell], at_once: int = AT_ONCE) -> AsyncIterator[Outcome]:
    """Runs cells, and yields the outcome of each as soon as there is one."""
    starts = asyncio.Semaphore(_STARTS_AT_ONCE)
    async with _Servers(starts) as servers, ClientPool(starts) as clients:
        room, waiting_room = asyncio.Semaphore(at_once), asyncio.Semaphore(_LONG_AT_ONCE)
        tasks = [
            asyncio.create_task(_run(cell, servers, clients, waiting_room if cell.fault.seconds >= _LONG else room))
            for cell in cells
        ]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _run(cell: Cell, servers: _Servers, clients: ClientPool, room: asyncio.Semaphore) -> Outcome:
    if (reason := why_not(cell.fault.kind)) is not None:
        return Outcome(cell, skipped=reason)
    try:
        async with (
            room,
            servers.lend(cell) as server,
            make_surroundings(cell.fault.kind, server) as around,
            clients.lend(cell.subject, cell.target.transport, around) as client,
        ):
            return await run_cell(cell, around, client)
    except (ChildError, ClientDied, OSError) as error:
        return Outcome(cell, skipped=f"it could not be set up: {error}")


class _Servers:
    """The servers: one of each kind for all cells, and one of its own for a cell that kills it."""

    def __init__(self, starts: asyncio.Semaphore) -> None:
        self._starts: Final = starts
        self._shared: Final[dict[str, MatrixServer]] = {}
        self._lock: Final = asyncio.Lock()

    async def __aenter__(self) -> _Servers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(server.stop() for server in self._shared.values()))

    @asynccontextmanager
    async def lend(self, cell: Cell) -> AsyncIterator[MatrixServer]:
        """A server for a cell."""
        if cell.fault.kind is not Kind.OWN_SERVER:
            yield await self._get(cell.target.server)
            return
        server = await self._start(cell.target.server)
        try:
            yield server
        finally:
            await server.stop()

    async def _get(self, name: str) -> MatrixServer:
        async with self._lock:
            if name not in self._shared:
                self._shared[name] = await self._start(name)
            return self._shared[name]

    async def _start(self, name: str) -> MatrixServer:
        server = await asyncio.to_thread(make_server, name)
        async with self._starts:
            await server.start()
        return server
