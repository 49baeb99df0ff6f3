"""The names of stores, and what opens them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pybayeux.errors import UsageError
from pybayeux_replay import MemoryStore, Stores
from pybayeux_replay.file import FileStore
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_replay.stores import check_name


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sqlite:///positions", "positions"),
        ("sqlite:////var/lib/positions.db", "/var/lib/positions.db"),
        ("positions.db", "positions.db"),
        ("positions.sqlite3", "positions.sqlite3"),
        ("state/positions", "state/positions"),
        ("file:///positions.json", "positions.json"),
        ("file:////var/lib/positions.json", "/var/lib/positions.json"),
        ("state/positions.json", "state/positions.json"),
        ("file:///positions", "positions"),
    ],
)
def test_names_of_files(name: str, path: str) -> None:
    check_name(name)
    made = Stores().open(name)
    assert isinstance(made, (SqliteStore, FileStore))
    assert isinstance(made, FileStore) is ("json" in name or name.startswith("file"))
    assert made.path == Path(path)


def test_memory() -> None:
    assert isinstance(Stores().open("memory"), MemoryStore)


def test_sqlite_alone_is_a_file_in_the_user_s_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))  # where it counts on other systems
    made = Stores().open("sqlite")
    assert isinstance(made, SqliteStore)
    assert tmp_path in made.path.parents
    assert not made.path.parent.exists()  # nothing is touched before it is used
    made.set("billing", {"/orders": 7})
    assert made.path.is_file()
    made.close()


@pytest.mark.parametrize("name", ["memroy", "", "sqlite://", "sqlite:///", "file:///", "redis://", "://x"])
def test_the_error_for_a_wrong_name_shows_right_ones(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected 'memory', 'sqlite', a name such as 'sqlite:///positions.db'"):
        check_name(name)


def test_a_scheme_of_an_extension() -> None:
    stores, opened = Stores(), []

    def open_shelf(name: str) -> MemoryStore:
        opened.append(name)
        return MemoryStore()

    stores.add("shelf", open_shelf)
    assert stores.schemes == ("file", "memory", "shelf", "sqlite")
    assert isinstance(stores.open("shelf://cellar/3"), MemoryStore)
    assert opened == ["shelf://cellar/3"]
    with pytest.raises(UsageError, match="shelf:// already"):
        stores.add("shelf", open_shelf)


def test_the_error_for_an_unknown_scheme_lists_the_known_ones_and_helps() -> None:
    check_name("redis://host/0")  # an extension may add it
    with pytest.raises(UsageError, match=r"no store for redis://.*pip install pybayeux-redis\)") as error:
        Stores().open("redis://user:secret@host/0")
    assert "secret" not in str(error.value)
