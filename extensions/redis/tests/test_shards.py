"""Channels that replicas share in Redis: each event takes effect once, whatever happens to a replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extensions.replay.tests.shard_faults import CHANNELS, EACH, run_shard_faults

if TYPE_CHECKING:
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.redis_engine import RedisEngine


def test_no_order_is_lost_or_added_twice_where_a_replica_is_killed_or_stopped(
    redis_engine: RedisEngine, bayeux_server_factory: ServerFactory
) -> None:
    with redis_engine.connect() as connected:
        client: Any = connected

        def booked() -> int:
            return sum(client.llen(f"orders:{channel}") for channel in CHANNELS)

        run_shard_faults(bayeux_server_factory(), redis_engine.url, booked)
        for channel in CHANNELS:
            assert [int(each) for each in client.lrange(f"orders:{channel}", 0, -1)] == list(range(EACH))
