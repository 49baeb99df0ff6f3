from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pybayeux.errors import UsageError
from pybayeux.extensions.choices import configured_order, expected_file, only_names, set_only
from pybayeux.extensions.config import read_config
from pybayeux.extensions.discovery import local_extensions
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
    assert configured_order().names == ()


@pytest.mark.parametrize("wrong", ['"ack"', '["ack", 3]'])
def test_a_wrong_order_is_told(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "pybayeux.toml").write_text(f"order = {wrong}\n")
    with pytest.raises(UsageError, match=r"pybayeux.toml: order: expected a list of names; got"):
        read_config(tmp_path)


def test_it_names_the_only_extensions_and_the_file_of_the_expected_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pybayeux.toml"
    path.write_text('only = ["ack"]\nexpected = "extensions.lock"\n[replay]\nlimit = 3\n')
    assert read_config(tmp_path) == {"replay": {"limit": 3}}
    assert only_names() == (("ack",), str(path))
    assert expected_file() == (tmp_path / "extensions.lock", str(path))
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "replay, ack")
    monkeypatch.setenv("PYBAYEUX_EXPECTED_EXTENSIONS", "/etc/lock")
    assert only_names() == (("replay", "ack"), "PYBAYEUX_EXTENSIONS")
    assert expected_file() == (Path("/etc/lock"), "PYBAYEUX_EXPECTED_EXTENSIONS")
    for name in ("EXTENSIONS", "EXPECTED_EXTENSIONS"):
        monkeypatch.delenv(f"PYBAYEUX_{name}")
    path.write_text("[only]\na = 1\n[expected]\nb = 2\n")
    assert read_config(tmp_path) == {"only": {"a": 1}, "expected": {"b": 2}}
    assert (only_names().names, expected_file()) == ((), None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("only = 'ack'", "only: expected a list of names; got 'ack'"),
        ("expected = 3", "expected: expected the name of a file; got 3"),
    ],
)
def test_wrong_choices_are_refused(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        read_config(tmp_path)


def test_an_extension_without_a_package_has_a_module_for_its_value(tmp_path: Path) -> None:
    file = tmp_path / "pybayeux.toml"
    file.write_text("[local-extensions]\ntenant = 3\n")
    with pytest.raises(UsageError, match=r"\[local-extensions\] tenant: expected 'module' or .*; got 3"):
        read_config(tmp_path)


def test_extensions_without_a_package_are_found_until_another_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "pybayeux.toml").write_text('[local-extensions]\ntenant = "rules:Tenant"\n')
    for _ in range(2):
        assert read_config(tmp_path) == {}
        assert [each.entry_point.value for each in local_extensions()] == ["rules:Tenant"]
    assert sys.path.count(str(tmp_path)) == 1, "where its module is looked for"
    read_config(Path(tmp_path.anchor))
    assert local_extensions() == ()


def test_what_the_command_line_names_counts_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text('only = ["ack"]\n')
    read_config(tmp_path)
    set_only(["replay"])
    try:
        assert only_names() == (("replay",), "-p only")
    finally:
        set_only(())
        read_config(Path(tmp_path.anchor))
    assert only_names().names == ()
