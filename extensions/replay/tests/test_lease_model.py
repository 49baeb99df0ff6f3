"""SQLite holds against the models of leases and of shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.lease_model import check_lease_model
from extensions.replay.tests.shard_model import check_shard_model
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path


def test_sqlite(tmp_path: Path) -> None:
    # An open transaction has the whole file, and the others wait for it.
    check_lease_model(lambda: SqliteStore(tmp_path / "leases.db"), has_open_transactions=False)


def test_sqlite_with_shards(tmp_path: Path) -> None:
    check_shard_model(lambda: SqliteStore(tmp_path / "shards.db"), has_open_transactions=False)
