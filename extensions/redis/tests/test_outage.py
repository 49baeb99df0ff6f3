"""Redis is lost for a while: killed and started again. Nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux_redis import RedisStore
from pybayeux_replay import Replay
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.servers.redis_engine import RedisEngine


class Watcher:
    """Has an event for the beginning of an outage."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    @hookimpl
    def store_failed(self, error: Exception | None) -> None:
        if error is not None:
            self.lost.set()


def test_transactions_wait_until_the_server_is_back(redis_engine: RedisEngine) -> None:
    @in_loop
    async def scenario() -> None:
        async def add() -> None:
            async with client.subscribe("/orders", ack="manual") as events:
                async for event in events:
                    number = event.data["number"]
                    async with event.transaction() as tx:
                        tx.rpush("orders", number)
                    added[number].set()
                    if number == 5:
                        return

        server, watcher, added = ReplayingServer(), Watcher(), defaultdict[int, asyncio.Event](asyncio.Event)
        replay = Replay(RedisStore(redis_engine.url), since="earliest")
        async with client_of(server, replay, watcher) as client:
            adding = asyncio.create_task(add())
            server.publish("/orders", 0, 1)
            await added[1].wait()
            await asyncio.to_thread(redis_engine.kill)
            server.publish("/orders", 2, 3, 4, 5)
            await watcher.lost.wait()
            await asyncio.to_thread(redis_engine.start)
            await adding

    scenario()
    with redis_engine.connect() as connected:
        client: Any = connected
        assert [int(each) for each in client.lrange("orders", 0, -1)] == list(range(6))
