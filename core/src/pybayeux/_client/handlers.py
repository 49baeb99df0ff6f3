"""The handlers of one client: functions of the user's that are called with the events of a subscription.

Owns the tasks in which they wait. How one is called is the part of its runner.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..errors import ReceiverError
from .handler_runner import TASK_NAME, HandlerRunner, HandlerSupport
from .worker_handlers import WorkerHandler, WorkerHandlerRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..extensions.blocking import BlockingWatch
    from .event_queue import EventQueue
    from .handler_runner import Handler
    from .reporter import Reporter
    from .user_calls import UserCalls

__all__ = ("Handlers",)


class Handlers:
    """The handlers of one client.

    Args:
        reporter: Is told of exceptions in handlers.
        retry_delay: From the number of failures in a row to the seconds before the next try.
        watch: Reports handlers that block the event loop.
        calls: Marks what handlers return to await as a call into code of the user.
    """

    def __init__(
        self, reporter: Reporter, retry_delay: Callable[[int], float], watch: BlockingWatch, calls: UserCalls
    ) -> None:
        self._support: Final = HandlerSupport(reporter, retry_delay, watch, calls, self._keep)
        self._tasks: Final[dict[asyncio.Task[None], None]] = {}

    def start(self, queue: EventQueue, handler: Handler) -> None:
        """Call a handler with each event of a subscription, in order, until it ends."""
        runner = WorkerHandlerRunner if isinstance(handler, WorkerHandler) else HandlerRunner
        runner(queue, handler, self._support).start()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled():
            task.exception()  # it has been reported; asyncio is not to report it again

    @property
    def are_done(self) -> bool:
        """Whether none is at work, or waits in a task."""
        return not self._tasks

    async def finish(self, timeout: float) -> None:
        """Let handlers that are at work finish their event; after `timeout` seconds they are cancelled.

        One that goes on all the same is reported, and left.
        """
        here = asyncio.get_running_loop()
        running = {task for task in self._tasks if task is not asyncio.current_task() and task.get_loop() is here}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=timeout)
        for task in late:
            task.cancel()
        if not late:
            return
        _, stuck = await asyncio.wait(late, timeout=timeout)
        for task in stuck:
            channel = task.get_name().removeprefix(TASK_NAME)
            self._support.reporter.report(
                ReceiverError(channel, TimeoutError("it was cancelled at the end, and goes on"))
            )
