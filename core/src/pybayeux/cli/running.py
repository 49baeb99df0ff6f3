"""The asynchronous part of a sub-command: it runs until it is done or a signal ends it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

__all__ = ("first", "run")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run `work`. A first Ctrl-C or SIGTERM cancels it, so that it can disconnect; a second one ends it at once.

    Raises:
        click.exceptions.Exit: With 128 plus the signal's number, if a signal ended it.
    """
    number = asyncio.run(_until_signal(work))
    if number is not None:
        raise click.exceptions.Exit(128 + number)


async def _until_signal(work: Coroutine[Any, Any, None]) -> int | None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
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
