"""Numbered events, published on some channels until Ctrl-C or SIGTERM.

Owns the signal handlers and the pace. It does not know which server publishes.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

__all__ = ("publish_until_stopped",)


@asynccontextmanager
async def publish_until_stopped(
    publish: Callable[[str, int], Awaitable[object]], channels: Iterable[str], rate: float
) -> AsyncIterator[asyncio.Event]:
    """Publish numbered events on each channel while the block runs.

    Args:
        publish: Publishes an event with a number on a channel.
        channels: The channels.
        rate: Events a second on each channel.

    Yields:
        An event that Ctrl-C or SIGTERM sets.
    """
    stopped = _stop_signal()
    async with asyncio.TaskGroup() as publishing:
        tasks = [publishing.create_task(_publish_forever(publish, channel, rate)) for channel in channels]
        yield stopped
        for task in tasks:
            task.cancel()


async def _publish_forever(publish: Callable[[str, int], Awaitable[object]], channel: str, rate: float) -> None:
    for number in count(1):
        await publish(channel, number)
        await asyncio.sleep(1 / rate)


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    # Windows loops have no signal handlers: there Ctrl-C cancels the main task instead.
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
