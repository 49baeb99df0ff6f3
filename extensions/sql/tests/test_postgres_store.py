"""PostgreSQL does what every store has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux_replay import DeadLetterStore, FencedTransactionalStore
from pybayeux_replay.testing import STORE_CHECKS
from pybayeux_sql import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_replay import Store
    from tests.servers.postgresql import PostgresEngine


@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_store(check: Callable[[Callable[[], Store]], None], postgres_engine: PostgresEngine) -> None:
    check(lambda: PostgresStore(postgres_engine.url))


def test_it_has_fenced_transactions_and_dead_letters() -> None:
    store = PostgresStore("postgresql://host/database")
    assert isinstance(store, FencedTransactionalStore)
    assert isinstance(store, DeadLetterStore)
