from __future__ import annotations

import asyncio

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux._client.large_batches import LargeBatches
from pybayeux.transports.base import DONE, Completion


def events(count: int, start: int = 0) -> list[Message]:
    return [Message(channel="/a", data=number) for number in range(start, start + count)]


class Receiver:
    """Keeps what it receives, and counts the turns of the loop between."""

    def __init__(self) -> None:
        self.parts: list[list[Message]] = []
        self.batches = LargeBatches(self.receive)

    def receive(self, messages: list[Message]) -> Completion:
        self.parts.append(messages)
        return DONE

    @property
    def data(self) -> list[object]:
        return [message.data for part in self.parts for message in part if message.successful is None]


@in_virtual_time
async def test_others_run_between_the_slices() -> None:
    receiver, turns = Receiver(), 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await receiver.batches.put(events(10_500))
    counting.cancel()
    await asyncio.wait([counting])
    assert receiver.data == list(range(10_500))
    assert max(map(len, receiver.parts)) == 1000
    assert turns >= 11


@in_virtual_time
async def test_replies_come_behind_all_events() -> None:
    receiver = Receiver()
    connect = Message(channel="/meta/connect", id="1", successful=True)
    publish = Message(channel="/b", id="2", successful=True)
    await receiver.batches.put([connect, *events(3000), publish])
    assert receiver.data == list(range(3000))
    assert receiver.parts[-1] == [connect, publish]


@in_virtual_time
async def test_what_comes_meanwhile_comes_behind() -> None:
    receiver = Receiver()
    first = receiver.batches.put(events(3000))
    was_busy = receiver.batches.is_busy
    await receiver.batches.put(events(2, 3000))
    assert (was_busy, first.done(), receiver.batches.is_busy) == (True, True, False)
    assert receiver.data == list(range(3002))


@in_virtual_time
async def test_an_exchange_that_is_given_up_loses_nothing() -> None:
    receiver = Receiver()

    async def exchange() -> None:
        await receiver.batches.put(events(5000))

    task = asyncio.create_task(exchange())
    await asyncio.sleep(0)
    task.cancel()
    await receiver.batches.put([])
    assert receiver.data == list(range(5000))


@in_virtual_time
async def test_a_failure_is_that_of_its_batch() -> None:
    def receive(messages: list[Message]) -> Completion:
        if messages and messages[0].data == 0:
            raise ValueError("no")
        received.append(len(messages))
        return DONE

    received: list[int] = []
    batches = LargeBatches(receive)
    failing, other = batches.put(events(3000)), batches.put(events(2, 7))
    with pytest.raises(ValueError, match="no"):
        await failing
    await other
    assert received == [2, 0]


@in_virtual_time
async def test_stopped_it_receives_nothing_more() -> None:
    receiver = Receiver()
    waiting = receiver.batches.put(events(100_000))
    await asyncio.sleep(0)
    await receiver.batches.stop()
    assert waiting.done()
    assert len(receiver.parts) < 5
    assert not receiver.batches.is_busy
