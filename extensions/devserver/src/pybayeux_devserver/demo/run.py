"""One run of the demo: the server, the orders, the listener and the faults together.

Owns the order of the steps and the time limit. The parts do not know each other.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pybayeux import AsyncClient

from .. import DevServer
from .fault_schedule import due_times, faults, run_schedule
from .ledger import LedgerReader
from .listener import LEDGER, RECORD
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a run.

    Attributes:
        seconds: How long orders are published.
        rate: Orders a second.
        seed: Determines the orders, their replay ids and the times of the faults.
        folder: An existing folder for the listener's files.
        patience: Seconds beyond those, for a slow start and the recoveries on a slow machine.
    """

    seconds: float
    rate: float
    seed: int
    folder: Path
    patience: float = 20.0

    @property
    def limit(self) -> float:
        """Seconds after which the run ends in any case."""
        return self.seconds + self.patience

    @property
    def orders(self) -> int:
        """The largest possible number of orders."""
        return int(self.rate * self.limit) + 1


async def run(settings: Settings, console: Console) -> Tally:
    """Run the demo.

    Args:
        settings: The settings.
        console: Where to show it.

    Returns:
        The final counts.

    Raises:
        ListenerDied: The listener ended by itself.
        OSError: The server or the process cannot be started.
    """
    tally, elapsed = Tally(), _stopwatch()
    record, ledger = RecordReader(settings.folder / RECORD), LedgerReader(settings.folder / LEDGER)
    with View(console, tally, elapsed) as view:
        async with DevServer(retention=settings.orders, seed=settings.seed) as server:
            server.tokens.issue()  # from now on the server requires a token
            login = f"{server.control_url}/tokens"
            log = settings.folder / "listener.log"
            async with ListenerProcess(
                server.url, login, settings.folder, log=log, on_status=view.show_status
            ) as listener:
                progress = Progress(tally, record, ledger, check=listener.check, elapsed=elapsed)
                await _run_faults(settings, server, listener, progress, view)
        progress.read()
    view.summary()
    return tally


async def _run_faults(
    settings: Settings, server: DevServer, listener: ListenerProcess, progress: Progress, view: View
) -> None:
    installed = AsyncClient(server.url).extensions  # the listener's environment is this one
    all_faults = faults(server, listener, {each.name for each in installed if each.state == "active"})
    plan = zip(due_times(len(all_faults), settings.seconds, settings.seed), all_faults, strict=True)
    stream = publish_orders(server, orders(settings.seed), rate=settings.rate, tally=progress.tally)
    try:
        async with asyncio.timeout(settings.limit):
            async with _in_background(stream):
                await run_schedule(plan, progress, view)
                await progress.at(settings.seconds)
            await progress.until(lambda: not progress.tally.lost and not progress.tally.unwritten)
            view.success("every order is handled")
    except TimeoutError:
        view.failure("the time is over")


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
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
