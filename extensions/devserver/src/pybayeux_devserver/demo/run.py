"""All of it together: the server, the stream, the listener and what goes wrong.

Owns the order of a run and its limit. The parts know nothing of each other.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .. import DevServer
from .fault_schedule import due_times, faults, run_schedule
from .listener import RECORD
from .orders import orders, publish_orders
from .process import ListenerProcess
from .progress import Progress
from .record import RecordReader
from .tally import Tally
from .view import View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from rich.console import Console

__all__ = ("Settings", "run")

_PATIENCE: Final = 4.0
"""Seconds beyond those asked for, for a slow start and a late recovery."""
_SHORTEST: Final = 15.0
"""What all recoveries together may take on a slow machine, however little time was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is asked for.

    Attributes:
        seconds: How long orders are published.
        rate: Orders a second.
        seed: Determines the orders, their replay ids and the due_times of the faults.
        folder: Where the listener keeps its files; it exists.
    """

    seconds: float
    rate: float
    seed: int
    folder: Path

    @property
    def limit(self) -> float:
        """Seconds after which the run ends, whatever is still to come."""
        return max(_SHORTEST, self.seconds + _PATIENCE)

    @property
    def orders(self) -> int:
        """How many orders there may be."""
        return int(self.rate * self.limit) + 1


async def run(settings: Settings, console: Console) -> Tally:
    """Run the demo.

    Args:
        settings: What is asked for.
        console: Where to show it.

    Returns:
        The count at the end.

    Raises:
        ListenerDied: The listener did not stay alive.
        OSError: No server or no process can be started.
    """
    tally, elapsed = Tally(), _stopwatch()
    record = RecordReader(settings.folder / RECORD)
    with View(console, tally, elapsed) as view:
        async with DevServer(retention=settings.orders, seed=settings.seed) as server:
            server.tokens.issue()  # from now on it wants one
            login = f"{server.control_url}/tokens"
            log = settings.folder / "listener.log"
            async with ListenerProcess(server.url, login, settings.folder, log=log, told=view.told) as listener:
                progress = Progress(tally, record, check=listener.check, elapsed=elapsed)
                await _play(settings, server, listener, progress, view)
        progress.read()
    view.summary()
    return tally


async def _play(
    settings: Settings, server: DevServer, listener: ListenerProcess, progress: Progress, view: View
) -> None:
    all_faults = faults(server, listener)
    plan = zip(due_times(len(all_faults), settings.seconds, settings.seed), all_faults, strict=True)
    stream = publish_orders(server, orders(settings.seed), rate=settings.rate, tally=progress.tally)
    try:
        async with asyncio.timeout(settings.limit):
            async with _beside(stream):
                await run_schedule(plan, progress, view)
                await progress.at(settings.seconds)
            await progress.until(lambda: not progress.tally.lost)
            view.good("every order is handled")
    except TimeoutError:
        view.bad("the time is over")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _stopwatch() -> Callable[[], float]:
    began = time.monotonic()
    return lambda: time.monotonic() - began
