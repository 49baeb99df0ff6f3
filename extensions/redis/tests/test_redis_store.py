"""Redis does what every store has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux_redis import RedisStore
from pybayeux_replay import DeadLetterStore, FencedTransactionalStore
from pybayeux_replay.testing import STORE_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_replay import Store
    from tests.servers.redis_engine import RedisEngine


@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_store(check: Callable[[Callable[[], Store]], None], redis_engine: RedisEngine) -> None:
    check(lambda: RedisStore(redis_engine.url))


def test_it_has_fenced_transactions_and_dead_letters() -> None:
    store = RedisStore("redis://host/0")
    assert isinstance(store, FencedTransactionalStore)
    assert isinstance(store, DeadLetterStore)
