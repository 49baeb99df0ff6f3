"""Many scripts, a few at a time, and what they came to."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .process import ForkedConsumer
from .stage import Outcome, play

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from .process import Consumer
    from .script import Script

__all__ = ("Hire", "forked", "outcomes")

Hire: TypeAlias = "Callable[[Path], Consumer]"
"""Makes a consumer that logs into a file."""

AT_ONCE: Final = 4
"""How many scripts are played at the same time: most of their time they wait."""


def forked(log: Path) -> Consumer:
    """A consumer of pybayeux."""
    return ForkedConsumer(log)


async def outcomes(
    scripts: Iterable[Script],
    *,
    hire: Hire = forked,
    at_once: int = AT_ONCE,
    keep: Path | None = None,
    **conditions: Any,
) -> AsyncIterator[Outcome]:
    """Play scripts, and give what each came to as soon as it is over.

    Args:
        scripts: As many as there are; they are made when their turn comes.
        hire: Makes the consumer of each.
        at_once: How many are played at the same time.
        keep: Where the files of failed ones are kept; None: nowhere.
        conditions: What `play` takes beside.
    """
    waiting, running = iter(scripts), set[asyncio.Task[Outcome]]()
    try:
        while True:
            while len(running) < at_once and (script := next(waiting, None)) is not None:
                running.add(asyncio.create_task(_played(script, hire, keep, conditions)))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _played(script: Script, hire: Hire, keep: Path | None, conditions: Mapping[str, Any]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="pybayeux-soak-") as name:
        folder = Path(name)
        outcome = await play(script, hire(folder / "consumer.log"), folder, **conditions)
        if keep is not None and not outcome.is_good:
            shutil.copytree(folder, keep / script.name.replace(" ", "-"), dirs_exist_ok=True)
        return outcome
