"""A server in the terminal, until somebody stops it.

Owns the signals and the numbered events that are published meanwhile.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

__all__ = ("running",)


@asynccontextmanager
async def running(
    publish: Callable[[str, int], Awaitable[object]], channels: Iterable[str], rate: float
) -> AsyncIterator[asyncio.Event]:
    """Publish numbered events on some channels, and give what is set by Ctrl-C or SIGTERM.

    Args:
        publish: Publishes an event with a number on a channel.
        channels: The channels.
        rate: Events a second on each.
    """
    stopped = _stop_signal()
    async with asyncio.TaskGroup() as publishing:
        tasks = [publishing.create_task(_stream(publish, channel, rate)) for channel in channels]
        yield stopped
        for task in tasks:
            task.cancel()


async def _stream(publish: Callable[[str, int], Awaitable[object]], channel: str, rate: float) -> None:
    for number in count(1):
        await publish(channel, number)
        await asyncio.sleep(1 / rate)


def _stop_signal() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM; without signal handlers in the loop, Ctrl-C cancels the task instead."""
    stopped = asyncio.Event()
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
