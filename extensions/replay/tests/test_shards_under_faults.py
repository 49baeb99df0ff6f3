"""Replicas that share channels while the store fails for some of them: each order is booked once, and in order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from extensions.replay.tests.leased_store import LeasedStore
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux.errors import ConsumerConflictError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import Replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pybayeux import AsyncClient, Message
    from pybayeux_replay import Fence, Lease, Position, ShardTerms

_CHANNELS: Final = tuple(f"/orders/{number}" for number in range(4))
_ORDERS: Final = 30
_LEASE: Final = 3.0
_REPLICAS: Final = 3
_SETTLED: Final = 300.0
"""Seconds in which everything is booked after the last fault."""


class _SlowServer(ReplayingServer):
    """Requests and their answers take time, so that those of two connections overtake each other."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random: Final = random
        self._longest: Final = random.choice([0.01, 0.1, 0.5])

    async def _exchange(self, messages: list[Message]) -> list[Message]:
        await asyncio.sleep(self._random.random() * self._longest)
        answer = await super()._exchange(messages)
        await asyncio.sleep(self._random.random() * self._longest)
        return answer


class _SlowStore(LeasedStore):
    """Its transactions take time, and what they write is booked when they are committed."""

    def __init__(self, shared: LeasedStore, random: Random, booked: list[tuple[str, int]]) -> None:
        super().__init__(shared)
        self._random: Final = random
        self._booked: Final = booked

    @asynccontextmanager
    async def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AsyncIterator[Any]:
        await asyncio.sleep(self._random.random() * 0.1)
        written = list[tuple[str, int]]()
        async with super().fenced_transaction(consumer, positions, fence, lease, shards):
            yield written
            await asyncio.sleep(self._random.random() * 0.1)
        self._booked.extend(written)


async def _book_for_ever(client: AsyncClient, channel: str) -> None:
    while True:
        with suppress(ConsumerConflictError, ConnectionError):
            async with client.subscribe(channel, ack="manual") as events:
                async for event in events:
                    async with event.transaction() as transaction:
                        transaction.append((channel, event.data["number"]))


@pytest.mark.parametrize("seed", range(12))
@in_virtual_time
async def test_each_order_is_booked_once_and_in_order(seed: int) -> None:
    random, booked = Random(seed), list[tuple[str, int]]()
    server, shared = _SlowServer(random), LeasedStore()
    stores = [_SlowStore(shared, random, booked) for _ in range(_REPLICAS)]
    async with AsyncExitStack() as stack:
        tasks = []
        for store in stores:
            replay = Replay(store, since="earliest", consumer="billing", lease=_LEASE, shard=True)
            client = await stack.enter_async_context(client_of(server, replay))
            tasks += [asyncio.create_task(_book_for_ever(client, channel)) for channel in _CHANNELS]
        await asyncio.sleep(5)
        for number in range(_ORDERS):
            for channel in _CHANNELS:
                server.publish(channel, number)
            await asyncio.sleep(random.random() * 0.6)
            if random.random() < 0.3:
                store = random.choice(stores)
                store.is_lost = not store.is_lost
        for store in stores:
            store.is_lost = False
        await asyncio.sleep(_SETTLED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for channel in _CHANNELS:
        assert [number for name, number in booked if name == channel] == list(range(_ORDERS))
