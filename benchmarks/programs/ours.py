"""Our clients as programs of the benchmarks.

    python -m benchmarks.programs.ours TASK

What is installed is one of

| name | extensions | libraries |
|---|---|---|
| none | none | httpx, websockets |
| core | ack and replay, which a consumer needs that must not lose an event | httpx, websockets |
| ten | ack, replay, and eight more that see each message | httpx, websockets |
| all | every package of this workspace, as their installation leaves them | aiohttp, websockets |
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

import msgspec

from benchmarks.programs.change_event import AccountEvent
from benchmarks.programs.event_loop import run_on
from benchmarks.programs.recorder import Recorder, tell, wait_for_end
from benchmarks.tasks import Task
from pybayeux import AsyncClient, Client, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pybayeux import Message


def main() -> None:
    """Run the task of the command line."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    if task.reading.startswith("sync"):
        receive_in_thread(task)
    else:
        run_on(task.loop, run(task))


async def run(task: Task) -> None:
    """Run a task, and wait until the harness has seen enough."""
    await TASKS[task.kind](task)


def settings(task: Task) -> dict[str, Any]:
    """How the client of a task is made."""
    common = {"transports": [task.transport]}
    options = {"replay": {"store": task.store}}
    if task.installed == "none":
        return common | {"discover": False}
    core = common | {"discover": ["ack", "replay"], "options": options}
    if task.installed == "ten":
        return core | {"extensions": [Watcher() for _ in range(8)]}
    if task.installed == "core":
        return core
    return common | {"options": options}


class Watcher:
    """An extension that sees each message, and counts them."""

    def __init__(self) -> None:
        self.seen = 0

    @hookimpl
    def outgoing(self) -> None:
        """See a message that leaves."""
        self.seen += 1

    @hookimpl
    def incoming(self) -> None:
        """See a message that has come."""
        self.seen += 1


def client_of(task: Task) -> AsyncClient:
    return AsyncClient(task.url, **settings(task))


def channels_of(task: Task) -> list[str]:
    return [f"{task.channel}/{number}" for number in range(task.subscriptions)]


# -- receiving


async def receive(task: Task) -> None:
    recorder = Recorder(task.count, task.warmup, latency=task.latency)
    async with client_of(task) as client:
        if task.reading == "handler":
            await client.subscribe(task.channel, handler_of(recorder))
            recorder.subscribed()
        elif task.reading == "typed":
            await read_typed(task, client, recorder)
        else:
            await read(task, client, recorder)
        await asyncio.to_thread(wait_for_end)


def handler_of(recorder: Recorder) -> Callable[[Message], None]:
    received = recorder.received

    def handle(event: Message) -> None:
        received(event.data["t"])

    return handle


async def read(task: Task, client: AsyncClient, recorder: Recorder) -> None:
    received = recorder.received
    async with client.subscribe(task.channel) as events:
        recorder.subscribed()
        async for event in events:
            received(event.data["t"])
            if recorder.done:
                return


async def read_typed(task: Task, client: AsyncClient, recorder: Recorder) -> None:
    received = recorder.received
    async with client.subscribe(task.channel, type=AccountEvent) as events:
        recorder.subscribed()
        async for event in events:
            data: AccountEvent = event.data
            received(data.t)
            if recorder.done:
                return


def receive_in_thread(task: Task) -> None:
    """The same with the synchronous client."""
    recorder = Recorder(task.count, task.warmup, latency=task.latency)
    received = recorder.received
    with Client(task.url, **settings(task)) as client:
        if task.reading == "sync-handler":
            client.subscribe(task.channel, handler_of(recorder))
            recorder.subscribed()
            wait_for_end()
            return
        with client.subscribe(task.channel) as events:
            recorder.subscribed()
            for event in events:
                received(event.data["t"])
                if recorder.done:
                    break
        wait_for_end()


async def fan(task: Task) -> None:
    recorder = Recorder(task.count, task.warmup, latency=task.latency)
    async with client_of(task) as client:
        handle = handler_of(recorder)
        await subscribe_all(client, channels_of(task), handle)
        recorder.subscribed()
        await asyncio.to_thread(wait_for_end)


async def subscribe_all(client: AsyncClient, channels: Iterable[str], handle: Callable[[Message], None]) -> None:
    """Subscribe at the same time, which the client sends together."""

    async def subscribe_one(channel: str) -> None:
        await client.subscribe(channel, handle)

    async with asyncio.TaskGroup() as group:
        for channel in channels:
            group.create_task(subscribe_one(channel))


# -- asking


async def subscribe(task: Task) -> None:
    recorder = Recorder(task.subscriptions)
    async with client_of(task) as client:
        recorder.subscribed()
        if task.batched:
            await subscribe_all(client, channels_of(task), ignore)
        else:
            for channel in channels_of(task):
                await client.subscribe(channel, ignore)
        recorder.finished()
        await asyncio.to_thread(wait_for_end)


def ignore(event: Message) -> None:
    """Handles an event that never comes."""


async def publish(task: Task) -> None:
    recorder = Recorder(task.count)
    data = {"payload": "x" * task.size}
    async with client_of(task) as client:
        for _ in range(task.warmup):
            await client.publish(task.channel, data)
        recorder.subscribed()
        for _ in range(task.count):
            await client.publish(task.channel, data)
        recorder.finished()
        await asyncio.to_thread(wait_for_end)


async def many(task: Task) -> None:
    recorder = Recorder(task.count * task.clients)
    handle = handler_of(recorder)
    async with AsyncExitStack() as stack:
        for number in range(task.clients):
            client = await stack.enter_async_context(client_of(task))
            await client.subscribe(task.channel, handle)
            if not number:
                tell("one")
        recorder.subscribed()
        await asyncio.to_thread(wait_for_end)


TASKS: Final = {"receive": receive, "fan": fan, "subscribe": subscribe, "publish": publish, "many": many}


if __name__ == "__main__":
    main()
