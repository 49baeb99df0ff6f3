from __future__ import annotations

import asyncio

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux._client.batch import Batch
from pybayeux.errors import InvalidChannelError, PublishError


class Counter:
    """Takes publishes, answers them in the opposite order, and refuses some."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def request(self, message: Message) -> Message:
        self.sent.append(message.channel)
        await asyncio.sleep(10 - len(self.sent))
        if message.data == "refuse":
            raise PublishError(message.channel)
        return Message(channel=message.channel, successful=True)


def make_batch(counter: Counter) -> Batch:
    return Batch(counter)


@in_virtual_time
async def test_publishes_leave_together_when_the_block_ends() -> None:
    counter = Counter()
    async with make_batch(counter) as batch:
        batch.publish("/a", 1)
        batch.publish("/b", "refuse")
        batch.publish("/c", 3)
        await asyncio.sleep(1)
        assert counter.sent == []
    assert counter.sent == ["/a", "/b", "/c"]
    first, refused, third = batch.replies
    assert isinstance(first, Message)
    assert isinstance(third, Message)
    assert (first.channel, third.channel) == ("/a", "/c")
    assert isinstance(refused, PublishError)


@in_virtual_time
async def test_nested_blocks_send_when_the_outermost_ends() -> None:
    counter = Counter()
    batch = make_batch(counter)
    async with batch:
        async with batch:
            batch.publish("/a", 1)
        assert counter.sent == []
    assert counter.sent == ["/a"]


@in_virtual_time
async def test_an_exception_does_not_lose_the_publishes() -> None:
    counter = Counter()
    with pytest.raises(KeyError):
        async with make_batch(counter) as batch:
            batch.publish("/a", 1)
            raise KeyError
    assert counter.sent == ["/a"]


@in_virtual_time
async def test_a_batch_can_be_used_again() -> None:
    counter = Counter()
    batch = make_batch(counter)
    for channel in ("/a", "/b"):
        async with batch:
            batch.publish(channel, 1)
    assert counter.sent == ["/a", "/b"]
    assert len(batch.replies) == 2


@in_virtual_time
async def test_a_wrong_channel_raises_at_once() -> None:
    batch = make_batch(Counter())
    with pytest.raises(InvalidChannelError):
        batch.publish("/a/*", 1)


@in_virtual_time
async def test_an_empty_batch_sends_nothing() -> None:
    counter = Counter()
    async with make_batch(counter) as batch:
        pass
    assert (counter.sent, batch.replies) == ([], [])
