"""Batches in a program of a user's own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.virtual_time import in_virtual_time
from extensions.relay.tests.fake_target import FakeTarget
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import EventBatch
from pybayeux.errors import UsageError
from pybayeux_replay import Replay

if TYPE_CHECKING:
    from pybayeux import Message


class Order(msgspec.Struct):
    number: int


def _numbers(batch: EventBatch[Any]) -> list[int]:
    return [event.data["number"] for event in batch]


@in_virtual_time
async def test_each_batch_is_a_transaction_with_what_waits() -> None:
    server, store, seen = ReplayingServer(), FakeTarget().store, list[list[int]]()
    server.publish("/orders", *range(7))
    async with client_of(server, Replay(store, since="earliest")) as client:
        async for batch in client.batches("/orders", 3):
            async with batch.transaction() as transaction:
                transaction.append(len(batch))  # what a program of its own writes
            seen.append(_numbers(batch))
            if seen[-1][-1] == 6:
                break
    assert seen == [[0, 1, 2], [3, 4, 5], [6]]
    written: list[list[Any]] = store.transactions
    assert written == [[3], [3], [1]]
    assert store.items("default")["/orders"].replay_id == 70


@in_virtual_time
async def test_a_part_of_a_batch_is_a_transaction_too_and_a_failed_one_can_be_tried_again() -> None:
    server, store = ReplayingServer(), FakeTarget().store
    server.publish("/orders", *range(4))
    async with (
        client_of(server, Replay(store, since="earliest")) as client,
        client.subscribe("/orders", ack="manual") as events,
    ):
        async for batch in events.batches():
            assert (repr(batch), len(batch[1:]), batch[1].data["number"]) == ("<EventBatch of 4 from /orders>", 3, 1)
            with pytest.raises(ZeroDivisionError):
                async with batch.transaction():
                    raise ZeroDivisionError
            async with batch[:1].transaction():
                pass
            assert store.items("default")["/orders"].replay_id == 10
            with pytest.raises(UsageError, match="handle them in order"):
                async with batch[2:].transaction():
                    pass
            async with batch[1:].transaction():
                pass
            break
    assert store.items("default")["/orders"].replay_id == 40


@in_virtual_time
async def test_the_loop_ends_with_the_subscription() -> None:
    server = ReplayingServer()
    async with client_of(server, Replay(FakeTarget().store)) as client:
        events = await client.subscribe("/orders", ack="manual")
        await events.unsubscribe()
        assert [batch async for batch in events.batches()] == []
        with pytest.raises(ValueError, match="most: expected 1 or more; got 0"):
            await anext(events.batches(0))


def test_a_batch_is_a_sequence_of_events() -> None:
    nothing: list[Message] = []
    assert repr(EventBatch(nothing)) == "<EventBatch of 0>"
    assert list(EventBatch(nothing)) == []


@in_virtual_time
async def test_a_batch_is_acknowledged_as_a_whole_and_its_events_have_their_type() -> None:
    server, store = ReplayingServer(), FakeTarget().store
    server.publish("/orders", *range(4))
    async with (
        client_of(server, Replay(store, since="earliest", commit="event")) as client,
        aclosing(client.batches("/orders", type=Order)) as batches,
    ):
        batch = await anext(batches)
        assert [event.data for event in batch] == [Order(number) for number in range(4)]
        await batch[:3].ack()
        await asyncio.sleep(1)
        assert store.items("default")["/orders"].replay_id == 30
