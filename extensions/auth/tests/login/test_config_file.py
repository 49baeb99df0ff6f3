from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

import pytest

from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.login.config_file import ConfigFile

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = {"flow": "refresh_token", "client_id": 'a "quoted" id'}


def test_a_new_file(tmp_path: Path) -> None:
    config = ConfigFile(tmp_path)
    assert not config.path.exists()
    config.write(OPTIONS)
    assert tomllib.loads((tmp_path / "pybayeux.toml").read_text()) == {"auth": OPTIONS}
    assert os.listdir(tmp_path) == ["pybayeux.toml"]


def test_the_rest_of_a_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "pybayeux.toml"
    file.write_text(
        '# Ours.\n[replay]\nstore = "a.db"  # here\n\n[auth]\n# The app.\nclient_id = "old"\nscheme = "OAuth"\n'
    )
    file.chmod(0o640)
    folder = tmp_path / "below" / "it"
    folder.mkdir(parents=True)
    ConfigFile(folder).write(OPTIONS)
    text = file.read_text()
    assert tomllib.loads(text) == {"replay": {"store": "a.db"}, "auth": {"scheme": "OAuth", **OPTIONS}}
    assert text.startswith('# Ours.\n[replay]\nstore = "a.db"  # here\n')
    assert "# The app." in text
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_project_with_options_of_extensions(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "mine"\n\n[tool.pybayeux.replay]\nstore = "a.db"\n')
    ConfigFile(tmp_path).write(OPTIONS)
    assert tomllib.loads(file.read_text()) == {
        "project": {"name": "mine"},
        "tool": {"pybayeux": {"replay": {"store": "a.db"}, "auth": OPTIONS}},
    }


def test_a_project_without_them_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    (tmp_path / "below").mkdir()
    ConfigFile(tmp_path / "below").write(OPTIONS)
    assert (tmp_path / "below" / "pybayeux.toml").exists()
    assert (tmp_path / "pyproject.toml").read_text() == '[project]\nname = "mine"\n'


def test_a_linked_file_is_changed_where_it_is(tmp_path: Path) -> None:
    target = tmp_path / "shared.toml"
    target.write_text("")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pybayeux.toml").symlink_to(target)
    ConfigFile(folder).write(OPTIONS)
    assert (folder / "pybayeux.toml").is_symlink()
    assert "auth" in tomllib.loads(target.read_text())


@pytest.mark.parametrize("name", ["pybayeux.toml", "pyproject.toml"])
def test_a_file_that_cannot_be_read_is_an_error_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("[tool.pybayeux")
    with pytest.raises(LoginMisconfiguredError, match=f"{name} cannot be read"):
        ConfigFile(tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path.resolve(), os.W_OK))
    with pytest.raises(
        LoginMisconfiguredError, match="cannot be written: log in in another folder, or with --no-config"
    ):
        ConfigFile(tmp_path)


def test_a_value_in_the_place_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "pybayeux.toml").write_text("auth = 5\n")
    with pytest.raises(LoginMisconfiguredError, match="expected a table auth"):
        ConfigFile(tmp_path).write(OPTIONS)
