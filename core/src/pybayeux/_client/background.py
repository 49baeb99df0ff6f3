"""Background tasks: coroutines that no caller can wait for, awaited one after the other in the order they were added.

Asynchronous hooks that report something, such as `state_changed`, and asynchronous listeners run here.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Final

from .._util.interruptions import is_interruption
from ..errors import BayeuxError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .reporter import Reporter

__all__ = ("BackgroundTasks",)


class BackgroundTasks:
    """A queue of coroutines with one worker task, which exists only while there is something to do.

    Args:
        reporter: Is told of an exception, which does not stop the next coroutine.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter: Final = reporter
        # Few wait at a time, and an empty deque would take ten times as much.
        self._waiting: Final[list[Awaitable[object]]] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being awaited."""
        return self._worker is None

    def add(self, work: Awaitable[object]) -> None:
        """Have this awaited after all that was added before."""
        self._waiting.append(work)
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._run())

    def forget(self) -> None:
        """What waits is never awaited: its event loop is gone."""
        for work in self._waiting:
            if inspect.iscoroutine(work):
                work.close()
        self._waiting.clear()
        self._worker = None

    async def finish(self) -> None:
        """Wait until all work is done. Returns at once when it is called by a part of that work."""
        if self._waiting and self._worker is None:  # the worker was cancelled by another
            self._worker = asyncio.ensure_future(self._run())
        if self._worker is not None and self._worker is not asyncio.current_task():
            await asyncio.wait([self._worker])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._await_one(self._waiting.pop(0))
        finally:
            self._worker = None

    async def _await_one(self, work: Awaitable[object]) -> None:
        try:
            await work
        except BaseException as error:
            if is_interruption(error):
                raise
            self._reporter.report(error if isinstance(error, BayeuxError) else ReceiverError("a hook", error))
