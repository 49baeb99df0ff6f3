"""Cancels a task in the middle of a coroutine: at its first suspension, at its second, and so on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

__all__ = ("CancelledAt",)


class CancelledAt:
    """Awaits a coroutine, and cancels the task that awaits it once the coroutine has been suspended so many times.

    Args:
        suspension: The number of the suspension, from 1.
        work: The coroutine.

    Attributes:
        happened: Whether there were so many suspensions.
    """

    def __init__(self, suspension: int, work: Coroutine[Any, Any, Any]) -> None:
        self.happened = False
        self._left = suspension
        self._work: Final = work

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._work.__await__()
        resume, argument = steps.send, None
        while True:
            try:
                waited_for = resume(argument)
            except StopIteration as end:
                return end.value
            self._count()
            try:
                argument = yield waited_for
                resume = steps.send
            except BaseException as error:
                resume, argument = steps.throw, error

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.happened = True
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
