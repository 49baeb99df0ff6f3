"""Redis holds against the model of the lease protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.lease_model import check_lease_model
from pybayeux_redis import RedisStore

if TYPE_CHECKING:
    from tests.servers.redis_engine import RedisEngine


def test_redis(redis_engine: RedisEngine) -> None:
    check_lease_model(lambda: RedisStore(redis_engine.url), examples=60)
