"""The asynchronous part of a sub-command: it runs until it is done or a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

__all__ = ("first", "run", "uninterrupted")

T = TypeVar("T")

_logger: Final = logging.getLogger("pybayeux.cli")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, None], grace: float | None = None) -> None:
    """Run `work`. A first Ctrl-C or SIGTERM cancels it, so that it can disconnect; a second one ends it at once.

    Args:
        work: What is run.
        grace: Seconds that it may take to end after a signal, or None. Then the process exits with 1, whatever it waits
            for.

    Raises:
        click.exceptions.Exit: With 128 plus the signal's number, if a signal ended it.
    """
    # A thread, for it may be the event loop that does not end, or a thread that the loop waits for.
    limit = None if grace is None else Timer(grace, _give_up, (grace,))
    try:
        number = asyncio.run(_until_signal(work, limit))
    finally:
        if limit is not None:
            limit.cancel()
    if number is not None:
        raise click.exceptions.Exit(128 + number)


def _give_up(grace: float) -> None:
    _logger.error("not ended within %g seconds after the signal: exiting, and unhandled events come again", grace)
    os._exit(1)


async def _until_signal(work: Coroutine[Any, Any, None], limit: Timer | None) -> int | None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    received: list[int] = []

    def stop(number: int) -> None:
        if received:  # two that came together, before the handlers were removed
            return
        received.append(number)
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        if limit is not None:
            limit.daemon = True
            limit.start()
        task.cancel()

    with suppress(NotImplementedError):  # on loops without signal handlers, Ctrl-C is a KeyboardInterrupt
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not received:
            raise
    return received[0] if received else None


async def first(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines together until one of them ends, and cancel the others. Raises the error of that one."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def uninterrupted(work: Coroutine[Any, Any, T], limit: float) -> T:
    """Run a coroutine that a cancellation lets end, for at most `limit` more seconds. Then it is cancelled as well.

    Raises:
        CancelledError: The caller was cancelled, even if the coroutine came to its end.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=limit)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
