"""The SQLite file under kills at any moment, and with several processes."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from pybayeux.errors import UsageError
from pybayeux_replay import Position
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

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
def test_a_killed_process_has_stored_what_it_reported_and_the_file_is_intact(tmp_path: Path, lines: int) -> None:
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
        assert kept["/a"] == kept["/b"]  # all of a commit, or nothing
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        said = kept["/a"]


def test_the_file_has_a_write_ahead_log_and_commits_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "positions.db")
    with store._connection() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    store.close()


def test_two_open_stores_see_each_other(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "positions.db"), SqliteStore(tmp_path / "positions.db")
    one.set("a", {"/orders": 1})
    other.set("b", {"/orders": 2})
    assert set(one.items("b")) == {"/orders"}
    assert set(other.items("a")) == {"/orders"}
    one.close()
    other.close()


_OLD_TABLE = """
CREATE TABLE replay_position (
    consumer TEXT NOT NULL, subscription TEXT NOT NULL, replay_id BIGINT NOT NULL, stored_at FLOAT NOT NULL,
    PRIMARY KEY (consumer, subscription)
)
"""


def _old_file(path: Path) -> None:
    """Create a file as the first version of this package did."""
    with sqlite3.connect(path) as connection:
        connection.execute(_OLD_TABLE)
        connection.execute("INSERT INTO replay_position VALUES ('billing', '/orders', 17, 1767268800.5)")
    connection.close()


def test_a_file_of_the_first_version_is_upgraded_and_keeps_its_positions(tmp_path: Path) -> None:
    path = tmp_path / "positions.db"
    _old_file(path)
    store, noon = SqliteStore(path), datetime(2026, 1, 1, 12, 0, 0, 500_000, UTC)
    assert store.get("billing", "/orders") == Position(17, noon)
    full = Position(18, noon, noon, "u", "org")
    store.set("billing", {"/orders": full})
    store.close()
    again = SqliteStore(path)
    assert again.items("billing") == {"/orders": full}
    again.close()
    with sqlite3.connect(path) as connection:  # as the first version does it
        connection.execute("UPDATE replay_position SET replay_id = 19, stored_at = 0")
        assert connection.execute("SELECT replay_id FROM replay_position").fetchall() == [(19,)]
    connection.close()


_OPENER = """
import sys
from pybayeux_replay.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
sys.stdin.readline()
print(store.get("billing", "/orders").replay_id)
"""


def test_several_processes_may_open_a_file_that_has_to_be_upgraded_at_once(tmp_path: Path) -> None:
    path = tmp_path / "positions.db"
    _old_file(path)
    command = [sys.executable, "-c", _OPENER, str(path)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["17\n"] * 3


def test_a_transaction_stores_the_program_s_rows_and_the_position_or_neither(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with store.transaction("billing", {"/orders": Position(1, NOON)}) as connection:
            await connection.execute(text("CREATE TABLE orders (number INTEGER)"))
            await connection.execute(text("INSERT INTO orders VALUES (1)"))
            assert store.get("billing", "/orders") is None  # readers are not kept waiting
        with pytest.raises(ZeroDivisionError):
            async with store.transaction("billing", {"/orders": Position(2, NOON)}) as connection:
                await connection.execute(text("CREATE TABLE bills (number INTEGER)"))
                await connection.execute(text("INSERT INTO orders VALUES (2)"))
                raise ZeroDivisionError

    store = SqliteStore(tmp_path / "positions.db")
    asyncio.run(scenario())
    asyncio.run(_look(store))  # in another event loop
    assert store.get("billing", "/orders") == Position(1, NOON)
    store.close()
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT number FROM orders").fetchall() == [(1,)]
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'bills'").fetchall() == []
    connection.close()


async def _look(store: SqliteStore) -> None:
    async with store.transaction("other", {}) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM orders"))).scalar() == 1


def test_the_folder_is_created_on_request(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a" / "b" / "positions.db", makes_folder=True)
    assert store.items("billing") == {}
    store.close()


def test_the_error_names_a_missing_folder(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "missing" / "positions.db")
    with pytest.raises(FileNotFoundError, match="missing"):
        store.get("a", "/orders")
    store.close()
    assert repr(store).startswith("SqliteStore('")


def test_without_pybayeux_sql_a_transaction_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux_replay.sqlite.find_spec", lambda name: None)
    store = SqliteStore(tmp_path / "positions.db")
    with pytest.raises(UsageError, match="pip install pybayeux-sql"):
        store.transaction("billing", {})


def test_positions_need_no_package_for_databases(tmp_path: Path) -> None:
    program = (
        "import sys; from pybayeux_replay import Replay, Stores\n"
        "Stores().open(sys.argv[1]).set('billing', {})\n"
        "assert not {'sqlalchemy', 'aiosqlite', 'pybayeux_sql'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "positions.db")], check=True)


def test_many_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    together = Barrier(8)

    def store(number: int) -> None:
        together.wait(timeout=30)
        with closing(SqliteStore(tmp_path / f"{number // 8}.db")) as opened:
            opened.set(f"consumer-{number}", {"/orders": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store, range(200)))  # raises what one of them has raised
