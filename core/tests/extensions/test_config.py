from __future__ import annotations

from pathlib import Path

import pytest

from pybayeux.errors import UsageError
from pybayeux.extensions import read_config
from pybayeux.extensions.discovery import configured_order
from pybayeux.extensions.options import read_options

PYPROJECT = """
[project]
name = "something"
[tool.pybayeux.replay]
database = "events.db"
limit = 3
[tool.pybayeux.auth]
"""


def test_reads_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    assert read_config(tmp_path) == {"replay": {"database": "events.db", "limit": 3}, "auth": {}}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_of_an_editor_does_not_matter(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text('[replay]\nsince = "\xe9"\n', encoding=encoding)
    assert read_config(tmp_path) == {"replay": {"since": "\xe9"}}


def test_own_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "pybayeux.toml").write_text("[ack]\nbatch = true\n")
    assert read_config(tmp_path) == {"ack": {"batch": True}}


def test_nearest_directory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pybayeux.toml").write_text("[ack]\nbatch = true\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert read_config() == {"ack": {"batch": True}}
    (below.parent / "pyproject.toml").write_text("[project]\nname = 'nearer'\n")
    assert read_config() == {}


def test_no_file_no_options(tmp_path: Path) -> None:
    assert read_config(Path(tmp_path.anchor)) == {}


def test_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Replay:
        def __init__(self, database: str = "", limit: int = 1) -> None: ...

    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setenv("PYBAYEUX_REPLAY_LIMIT", "4")
    read = read_options(Replay, read_config(tmp_path)["replay"], extension="replay", origin="replay")
    assert read.values == {"database": "events.db", "limit": 4}
    assert read.sources == {"database": str(tmp_path / "pyproject.toml"), "limit": "PYBAYEUX_REPLAY_LIMIT"}
    foreign = {"PYBAYEUX_REPLAY_LIMIT"}
    read = read_options(Replay, read_config(tmp_path)["replay"], extension="replay", origin="replay", foreign=foreign)
    assert read.values == {"database": "events.db", "limit": 3}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("pybayeux.toml", "replay = 3", "'replay' is to be a table"),
        ("pyproject.toml", "[tool.pybayeux]\nreplay = 3", "'replay' is to be a table"),
        ("pybayeux.toml", "[replay", "cannot be read"),
    ],
)
def test_wrong_file_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=words) as caught:
        read_config(tmp_path)
    assert str(tmp_path / name) in str(caught.value)


def test_the_order_of_extensions_is_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pybayeux]\norder = ["z", "a"]\n[tool.pybayeux.ack]\n')
    assert read_config(tmp_path) == {"ack": {}}
    assert configured_order() == (("z", "a"), str(tmp_path / "pyproject.toml"))
    (tmp_path / "pybayeux.toml").write_text("[order]\nsize = 3\n")
    assert read_config(tmp_path) == {"order": {"size": 3}}
    assert configured_order() == ((), "")


@pytest.mark.parametrize("wrong", ['"ack"', '["ack", 3]'])
def test_a_wrong_order_is_told(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "pybayeux.toml").write_text(f"order = {wrong}\n")
    with pytest.raises(UsageError, match=r"pybayeux.toml: order: expected a list of names; got"):
        read_config(tmp_path)
