"""What a SQLite file has to stand: a process killed at any moment, and several at once."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

# Says each number once it is stored, for ever.
_WRITER = """
import sys
from pybayeux_replay.sqlite import SqliteStore
store, number = SqliteStore(sys.argv[1]), int(sys.argv[2])
while True:
    number += 1
    store.set("killed", {"/a": number, "/b": number})
    print(number, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 40])
def test_a_killed_process_has_stored_what_it_said_and_the_file_is_whole(tmp_path: Path, lines: int) -> None:
    path, said = tmp_path / "positions.db", 0
    for _ in range(2):
        command = [sys.executable, "-c", _WRITER, str(path), str(said)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                said = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        store = SqliteStore(path)
        kept = {name: each.replay_id for name, each in store.items("killed").items()}
        store.close()
        assert kept["/a"] >= said
        assert kept["/a"] == kept["/b"]  # all of a commit, or nothing of it
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        said = kept["/a"]


def test_the_log_is_written_ahead_and_commits_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "positions.db")
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    store.close()


def test_two_open_stores_see_each_other(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "positions.db"), SqliteStore(tmp_path / "positions.db")
    one.set("a", {"/orders": 1})
    other.set("b", {"/orders": 2})
    assert set(one.items("b")) == {"/orders"}
    assert set(other.items("a")) == {"/orders"}
    one.close()
    other.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "missing" / "positions.db")
    with pytest.raises(FileNotFoundError, match="missing"):
        store.get("a", "/orders")
    store.close()
    assert repr(store).startswith("SqliteStore('")
