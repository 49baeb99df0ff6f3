"""Each event takes effect exactly once in Redis, among replicas of one name that handle the same events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from extensions.replay.tests.replica_faults import ORDERS, run_faults
from pybayeux_redis import RedisStore
from pybayeux_replay import PositionConflictError, Replay
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.redis_engine import RedisEngine

EVENTS = 60


async def _run(server: ReplayingServer, store: RedisStore) -> PositionConflictError | None:
    """Add orders to a list until a conflict or the last order."""
    replay = Replay(store, since="earliest", consumer="billing")
    try:
        async with client_of(server, replay) as client, client.subscribe("/orders", ack="manual") as events:
            async for event in events:
                async with event.transaction() as transaction:
                    transaction.rpush("orders", event.data["number"])
                if event.data["number"] == EVENTS - 1:
                    break
    except PositionConflictError as error:
        return error
    return None


def test_of_three_replicas_of_one_name_one_adds_each_event_once_and_the_others_stop(redis_engine: RedisEngine) -> None:
    @in_loop
    async def scenario() -> None:
        server = ReplayingServer()
        server.publish("/orders", *range(EVENTS))
        outcomes = await asyncio.gather(*(_run(server, RedisStore(redis_engine.url)) for _ in range(3)))
        assert sum(outcome is not None for outcome in outcomes) == 2

    scenario()
    with redis_engine.connect() as connected:
        client: Any = connected
        assert [int(each) for each in client.lrange("orders", 0, -1)] == list(range(EVENTS))


def test_no_order_is_lost_or_added_twice_where_the_active_replica_is_killed_or_stopped(
    redis_engine: RedisEngine, bayeux_server_factory: ServerFactory
) -> None:
    with redis_engine.connect() as connected:
        client: Any = connected
        run_faults(bayeux_server_factory(), redis_engine.url, lambda: int(client.llen("orders")))
        assert [int(each) for each in client.lrange("orders", 0, -1)] == list(range(ORDERS))
