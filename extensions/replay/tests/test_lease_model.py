"""SQLite holds against the model of the lease protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.lease_model import check_lease_model
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path


def test_sqlite(tmp_path: Path) -> None:
    # An open transaction has the whole file, and the others wait for it.
    check_lease_model(lambda: SqliteStore(tmp_path / "leases.db"), has_open_transactions=False)
