"""Handlers that may block: plain functions of the synchronous client's user, which worker threads call.

To change threads costs more than most handlers take. So a worker gets several of the events that wait at once, handles
them one by one, and says after each how far it is. The event loop then reports these as handled, while the worker goes
on. When the worker has failed on an event, or receivers are held back, or the subscription ends, it begins no further
one, and those that it has not begun wait again.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..errors import ReceiverError
from .handler_runner import HandlerRunner, raise_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..message import Message
    from .event_queue import EventQueue

__all__ = ("WorkerHandler", "WorkerHandlerRunner", "call_in_worker")

MOST: Final = 32
"""How many events a worker gets at once: as many may be handled, and not reported yet, when the process is killed."""


class WorkerHandler:
    """A handler that is called in worker threads.

    Args:
        function: The user's function.
    """

    def __init__(self, function: Callable[[Message], object]) -> None:
        self.function: Final = function

    async def __call__(self, message: Message) -> None:
        """Handle one event."""
        await call_in_worker(self.function, message)


async def call_in_worker(function: Callable[[Message], Any], message: Message) -> Any:
    """Call a function in a worker thread.

    Raises:
        BaseException: What the function raised.
    """
    result, error = await asyncio.to_thread(_outcome, function, message)
    if error is not None:
        raise error
    return result


def _outcome(function: Callable[[Message], Any], message: Message) -> tuple[Any, BaseException | None]:
    # A future cannot have every exception: StopIteration would leave its waiter waiting for ever.
    try:
        return function(message), None
    except BaseException as error:
        return None, error


class _WorkerBatch:
    """The events that one worker handles, in order, until it may not go on.

    Args:
        function: The user's function.
        events: The events.
        queue: Where they were taken from.
        changed: Called on the event loop when more events are handled.

    Attributes:
        handled: How many events are handled.
        error: What the function raised on the event after these, or None.
        is_cancelled: Whether no further event is to be begun.
    """

    def __init__(
        self,
        function: Callable[[Message], object],
        events: Sequence[Message],
        queue: EventQueue,
        changed: Callable[[], object],
    ) -> None:
        self._function: Final = function
        self._events: Final = events
        self._queue: Final = queue
        self._changed: Final = changed
        self._loop: Final = asyncio.get_running_loop()
        self._has_told = False
        self.handled = 0
        self.error: BaseException | None = None
        self.is_cancelled = False

    def handle_all(self) -> None:
        """Handle the events. Runs in the worker."""
        for event in self._events:
            if self.is_cancelled or self._queue.is_paused:
                return
            try:
                self._function(event)
            except BaseException as error:
                self.error = error
                return
            self.handled += 1
            # Once until the loop has looked: to wake it for each event would cost more than the event.
            if not self._has_told:
                self._has_told = True
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._has_told = False  # before anything is read: what is handled from now on is told again
        self._changed()


class WorkerHandlerRunner(HandlerRunner):
    """Calls a `WorkerHandler` with the events of one subscription; its errors go to the same policies."""

    __slots__ = ()

    def start(self) -> None:
        """Begin with the events that wait already."""
        self._start_task()

    async def _run(self, unfinished: Awaitable[None] | None) -> None:
        async with self._queue as queue:
            while taken := await self._take():
                batch = await self._support.calls.awaiting(self._work(taken))
                has_failed = batch.error is not None
                queue.give_back(len(taken) - batch.handled - has_failed)
                if batch.error is not None:
                    await self._persist(taken[batch.handled], partial(raise_error, batch.error))

    async def _take(self) -> list[Message]:
        try:
            return await self._queue.take(MOST)
        except ReceiverError as error:
            self._support.reporter.report(error)
            raise

    async def _work(self, taken: list[Message]) -> _WorkerBatch:
        """Have a worker handle events, and report each as handled when it is."""
        changed, reported = asyncio.Event(), 0
        assert isinstance(self._handler, WorkerHandler)
        batch = _WorkerBatch(self._handler.function, taken, self._queue, changed.set)
        work = asyncio.get_running_loop().run_in_executor(None, copy_context().run, batch.handle_all)
        work.add_done_callback(lambda _: changed.set())
        try:
            while not work.done() or reported < batch.handled:
                await changed.wait()
                changed.clear()
                handled = batch.handled
                await self._queue.in_hand.finish(handled - reported)
                reported = handled
        except BaseException:
            batch.is_cancelled = True
            raise
        work.result()
        return batch
