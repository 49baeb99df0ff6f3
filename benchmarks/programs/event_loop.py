"""The event loop of a program: asyncio's, or uvloop's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from benchmarks.tasks import Loop


def run_on(loop: Loop, work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end on a loop of this kind."""
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)
