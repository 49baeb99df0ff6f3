"""The JSON file under kills at any moment, with several processes, and in the hands of people."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import UsageError
from pybayeux_replay import Position
from pybayeux_replay.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

# Says each number once it is stored, for ever.
_WRITER = """
import sys
from pybayeux_replay.file import FileStore
store, consumer, number = FileStore(sys.argv[1]), sys.argv[2], int(sys.argv[3])
while True:
    number += 1
    store.set(consumer, {"/a": number, "/b": number})
    print(number, flush=True)
"""


def _command(path: Path, consumer: str, said: int) -> list[str]:
    return [sys.executable, "-c", _WRITER, str(path), consumer, str(said)]


@pytest.mark.parametrize("lines", [1, 20])
def test_a_killed_process_has_stored_what_it_reported_and_the_file_is_intact(tmp_path: Path, lines: int) -> None:
    path, said = tmp_path / "positions.json", 0
    for _ in range(2):
        with subprocess.Popen(_command(path, "killed", said), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                said = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        kept = {name: each.replay_id for name, each in FileStore(path).items("killed").items()}
        assert kept["/a"] >= said
        assert kept["/a"] == kept["/b"]  # all of a commit, or nothing
        said = kept["/a"]


def test_processes_that_share_a_file_lose_no_positions(tmp_path: Path) -> None:
    path = tmp_path / "positions.json"
    consumers = ["a", "b", "c"]
    commands = [_command(path, consumer, 0) for consumer in consumers]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    said = []
    for process in processes:
        assert process.stdout is not None
        said.append([int(process.stdout.readline()) for _ in range(15)][-1])
    for process in processes:
        process.kill()
        process.communicate()
    store = FileStore(path)
    for consumer, number in zip(consumers, said, strict=True):
        kept = store.get(consumer, "/a")
        assert kept is not None
        assert kept.replay_id >= number


def test_threads_that_share_a_store_lose_no_positions(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "positions.json")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.set("billing", {f"/{number}": number}), range(20)))
    assert len(store.items("billing")) == 20


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "positions.json")
    store.set("billing", {"/orders": Position(7, NOON, event_uuid="2ec0"), "/cases": Position(-2, NOON)})
    assert store.path.read_text(encoding="utf-8") == (
        json.dumps(
            {
                "consumers": {
                    "billing": {
                        "/cases": {"replay_id": -2, "stored_at": "2026-01-01T12:00:00Z"},
                        "/orders": {"event_uuid": "2ec0", "replay_id": 7, "stored_at": "2026-01-01T12:00:00Z"},
                    }
                }
            },
            indent=2,
        )
        + "\n"
    )
    assert {path.name for path in tmp_path.iterdir()} <= {"positions.json", "positions.json.lock"}


def test_the_file_mode_is_kept(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "positions.json")
    store.set("billing", {"/orders": 1})
    assert store.path.stat().st_mode & 0o777 == 0o600
    store.path.chmod(0o640)
    store.set("billing", {"/orders": 2})
    assert store.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("text", ["{", "[]", '{"consumers": {"a": {"/x": {"replay_id": "7"}}}}', '{"other": 1}'])
def test_another_file_is_never_overwritten(tmp_path: Path, text: str) -> None:
    store = FileStore(tmp_path / "positions.json")
    store.path.write_text(text, encoding="utf-8")
    acts: list[Callable[[], object]] = [
        lambda: store.get("a", "/x"),
        lambda: store.set("a", {"/x": 1}),
        lambda: store.delete("a", "/x"),
    ]
    for act in acts:
        with pytest.raises(UsageError, match=r"positions.json does not hold positions, and is not changed: "):
            act()
    assert store.path.read_text(encoding="utf-8") == text


def test_an_empty_file_has_no_positions(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "positions.json")
    store.path.touch()
    assert store.items("billing") == {}
    store.set("billing", {"/orders": 7})
    assert set(store.items("billing")) == {"/orders"}


def test_a_failed_write_does_not_change_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no space left")

    store = FileStore(tmp_path / "positions.json")
    store.set("billing", {"/orders": 1})
    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space left"):
        store.set("billing", {"/orders": 2})
    monkeypatch.undo()
    kept = store.get("billing", "/orders")
    assert kept is not None
    assert kept.replay_id == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"positions.json", "positions.json.lock"}


def test_the_error_names_a_missing_folder(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "missing" / "positions.json")
    acts: list[Callable[[], object]] = [lambda: store.get("a", "/orders"), lambda: store.set("a", {"/orders": 1})]
    for act in acts:
        with pytest.raises(FileNotFoundError, match="missing"):
            act()
    assert repr(store).startswith("FileStore('")
