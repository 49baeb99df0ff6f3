"""Runs many scripts, a few at the same time, each in a temporary folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tests.soak.consumer_process import ForkedConsumer
from tests.soak.script_run import Outcome, run_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from tests.soak.consumer_process import Consumer
    from tests.soak.script import Script

__all__ = ("ConsumerFactory", "outcomes")

ConsumerFactory: TypeAlias = "Callable[[Path], Consumer]"
"""Makes a consumer that logs to a file."""

AT_ONCE: Final = 4
"""How many scripts run at the same time. Most of their time they wait."""


async def outcomes(
    scripts: Iterable[Script],
    *,
    make_consumer: ConsumerFactory = ForkedConsumer,
    at_once: int = AT_ONCE,
    keep: Path | None = None,
    **conditions: Any,
) -> AsyncIterator[Outcome]:
    """Run scripts, and yield the outcome of each as soon as it ends.

    Args:
        scripts: The scripts. The next one is taken when there is room for it.
        make_consumer: Makes the consumer of each script.
        at_once: How many scripts run at the same time.
        keep: The folder for the files of failed scripts. None deletes them.
        conditions: Further arguments of `run_script`.
    """
    waiting, running = iter(scripts), set[asyncio.Task[Outcome]]()
    try:
        while True:
            while len(running) < at_once and (script := next(waiting, None)) is not None:
                running.add(asyncio.create_task(_run(script, make_consumer, keep, conditions)))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _run(
    script: Script, make_consumer: ConsumerFactory, keep: Path | None, conditions: Mapping[str, Any]
) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="pybayeux-soak-") as name:
        folder = Path(name)
        outcome = await run_script(script, make_consumer(folder / "consumer.log"), folder, **conditions)
        if keep is not None and not outcome.is_good:
            shutil.copytree(folder, keep / script.name.replace(" ", "-"), dirs_exist_ok=True)
        return outcome
