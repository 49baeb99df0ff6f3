"""PostgreSQL holds against the models of leases and of shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.lease_model import check_lease_model
from extensions.replay.tests.shard_model import check_shard_model
from pybayeux_sql import PostgresStore

if TYPE_CHECKING:
    import pytest

    from tests.servers.postgresql import PostgresEngine


def test_postgresql(postgres_engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux_sql.postgres_leases._LOCK_TIMEOUT", "20ms")
    check_lease_model(lambda: PostgresStore(postgres_engine.url))


def test_postgresql_with_shards(postgres_engine: PostgresEngine) -> None:
    check_shard_model(lambda: PostgresStore(postgres_engine.url))
