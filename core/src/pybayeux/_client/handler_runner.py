"""The calls of one handler with the events of its subscription, in order, and what becomes of an event that fails.

A handler that does not wait is called in place, in the call that brings the event: no task, no turn of the event loop.
Once it returns something to await, or something else has to be waited for (an asynchronous `delivered`, a pause before
another try), a task takes over and keeps the subscription. A coroutine function has a task from the beginning.
"""

from __future__ import annotations

import asyncio
import inspect
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from .._util.interruptions import is_interruption
from ..errors import ConsumerConflictError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._util.typevars import DataT
    from ..extensions.blocking import BlockingWatch
    from ..message import Message
    from .event_queue import EventQueue
    from .reporter import Reporter
    from .user_calls import UserCalls

__all__ = ("TASK_NAME", "Handler", "HandlerRunner", "HandlerSupport", "raise_error")

TASK_NAME: Final = "pybayeux-handler "
"""What the names of the tasks of handlers begin with, before the channel."""

Handler: TypeAlias = "Callable[[Message[DataT]], Any | Awaitable[Any]]"


class HandlerSupport(NamedTuple):
    """What all handlers of a client need of it. They share it, since there may be thousands."""

    reporter: Reporter
    """Is told of exceptions in handlers."""
    retry_delay: Callable[[int], float]
    """From the number of failures in a row to the seconds before the next try."""
    watch: BlockingWatch
    """Reports handlers that block the event loop."""
    calls: UserCalls
    """Marks what handlers return to await as a call into code of the user."""
    keep: Callable[[asyncio.Task[None]], None]
    """Keeps the task of a handler until it ends."""


class HandlerRunner:
    """Calls one handler with the events of one subscription.

    A handler that raises is reported. ``raise`` ends the subscription with the event unhandled, ``skip`` counts the
    event as handled, ``retry`` calls the handler with the same event again after a pause, ``dead_letter`` counts it as
    handled once an extension keeps it, else it is as ``raise``. An event that does not fit the subscription's type is
    reported too, and only ``skip`` and ``dead_letter`` go on after it. No policy goes on after a
    `ConsumerConflictError`.
    """

    __slots__ = ("_context", "_handler", "_has_task", "_in_hand", "_queue", "_support", "_watch")

    def __init__(self, queue: EventQueue, handler: Handler, support: HandlerSupport) -> None:
        self._queue: Final = queue
        self._in_hand: Final = queue.in_hand
        self._handler: Final = handler
        self._support: Final = support
        self._context: Final = copy_context()  # as a task of its own would have it
        self._watch: Final = support.watch
        self._has_task = False

    def start(self) -> None:
        """Begin with the events that wait already."""
        if inspect.iscoroutinefunction(self._handler):
            self._start_task()
        else:
            self._queue.consume_in_place(self._consume)

    # -- in place

    def _consume(self) -> bool:
        """Handle the next event; False where a task has taken over."""
        if (unfinished := self._handle()) is None:
            return True
        self._start_task(unfinished)
        return False

    def _handle(self) -> Awaitable[None] | None:
        """Handle the next event; returns what is left to await before it is handled, if anything."""
        try:
            event = self._queue.take_one()
        except ReceiverError as error:
            return self._unfit(error)
        try:
            result = self._call(event)
        except BaseException as error:
            if is_interruption(error):
                raise
            return self._persist(event, partial(raise_error, error))
        if result is not None and inspect.isawaitable(result):
            return self._persist(event, lambda: result)
        return self._in_hand.finish_one()

    def _call(self, event: Message) -> Any:
        if self._has_task:  # which has the context
            return self._handler(event)
        if self._watch.left:
            self._watch.left -= 1
            return self._watch.call_handler(partial(self._context.run, self._handler, event), self._queue.channel)
        return self._context.run(self._handler, event)

    def _unfit(self, error: ReceiverError) -> Awaitable[None] | None:
        """The event does not fit the type of the subscription."""
        try:
            return self._in_hand.pass_over(error)
        except ReceiverError:
            self._support.reporter.report(error)
            return _fail(error)

    # -- in a task

    def _start_task(self, unfinished: Awaitable[None] | None = None) -> None:
        self._has_task = True
        name = f"{TASK_NAME}{self._queue.channel}"
        work = self._run(unfinished)
        self._support.keep(asyncio.get_running_loop().create_task(work, name=name, context=self._context))

    async def _run(self, unfinished: Awaitable[None] | None) -> None:
        async with self._queue as queue:
            if unfinished is not None:
                await unfinished
            while await queue.wait_for_event():
                if (unfinished := self._handle()) is not None:
                    await unfinished

    async def _persist(self, event: Message, first: Callable[[], Any]) -> None:
        """Handle one event to its end, beginning with the outcome of a first call, as the error policy says."""
        call, failures = first, 0
        while (error := await self._failure(event, call)) is not None:
            if self._queue.on_error == "dead_letter":
                await self._in_hand.set_aside(error, event)
                return
            if self._queue.on_error == "skip":
                break
            failures += 1
            await asyncio.sleep(self._support.retry_delay(failures + 1))
            call = partial(self._handler, event)
        if (unfinished := self._in_hand.finish_one()) is not None:
            await unfinished

    async def _failure(self, event: Message, call: Callable[[], Any]) -> ReceiverError | None:
        """Call the handler; return what it failed with, if the policy goes on after it."""
        try:
            result = call()
            if inspect.isawaitable(result):
                await self._support.calls.awaiting(result)
        except BaseException as error:
            if is_interruption(error):
                raise
            failed = self._in_hand.failure(error)
            self._support.reporter.report(failed)
            if self._queue.on_error == "raise" or isinstance(error, ConsumerConflictError):
                raise failed from error
            return failed
        return None


def raise_error(error: BaseException) -> None:
    """Raise an error: as a call of a handler that failed with it."""
    raise error


async def _fail(error: Exception) -> None:
    raise error
