"""aiocometd-ng as a program of the benchmarks.

python -m benchmarks.programs.aiocometd_client TASK
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiocometd_ng.client import Client
from aiocometd_ng.constants import ConnectionType

from benchmarks.programs.recorder import Recorder, wait_for_end
from benchmarks.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRANSPORTS: Final = {"long-polling": ConnectionType.LONG_POLLING, "websocket": ConnectionType.WEBSOCKET}


async def run(task: Task) -> None:
    """Run a task, and wait until the harness has seen enough."""
    # Its cookie jar takes no cookies from an IP address.
    url = task.url.replace("127.0.0.1", "localhost")
    async with Client(url, _TRANSPORTS[task.transport], max_pending_count=0) as client:
        await TASKS[task.kind](task, client)
        await asyncio.to_thread(wait_for_end)


async def receive(task: Task, client: Any) -> None:
    await _read(task, client, [task.channel])


async def fan(task: Task, client: Any) -> None:
    await _read(task, client, _channels(task))


async def _read(task: Task, client: Any, channels: list[str]) -> None:
    await _subscribe(client, channels)
    recorder = Recorder(task.count, task.warmup, latency=task.latency)
    recorder.subscribed()
    async for message in client:
        recorder.received(message["data"]["t"])
        if recorder.done:
            return


async def subscribe(task: Task, client: Any) -> None:
    recorder = Recorder(task.subscriptions)
    recorder.subscribed()
    if task.batched:
        await _subscribe(client, _channels(task))
    else:
        for channel in _channels(task):
            await client.subscribe(channel)
    recorder.finished()


async def publish(task: Task, client: Any) -> None:
    recorder = Recorder(task.count)
    data = {"payload": "x" * task.size}
    for _ in range(task.warmup):
        await client.publish(task.channel, data)
    recorder.subscribed()
    for _ in range(task.count):
        await client.publish(task.channel, data)
    recorder.finished()


async def _subscribe(client: Any, channels: Iterable[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for channel in channels:
            group.create_task(client.subscribe(channel))


def _channels(task: Task) -> list[str]:
    return [f"{task.channel}/{number}" for number in range(task.subscriptions)]


TASKS: Final = {"receive": receive, "fan": fan, "subscribe": subscribe, "publish": publish}


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Task)))
