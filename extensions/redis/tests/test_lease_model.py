"""Redis holds against the models of leases and of shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.lease_model import check_lease_model
from extensions.replay.tests.shard_model import check_shard_model
from pybayeux_redis import RedisStore

if TYPE_CHECKING:
    from tests.servers.redis_engine import RedisEngine


def test_redis(redis_engine: RedisEngine) -> None:
    check_lease_model(lambda: RedisStore(redis_engine.url), examples=60)


def test_redis_with_shards(redis_engine: RedisEngine) -> None:
    check_shard_model(lambda: RedisStore(redis_engine.url), examples=60)
