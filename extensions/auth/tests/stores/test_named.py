from __future__ import annotations

from pathlib import Path

import pytest

from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.stores import named_store


def test_a_file_and_a_mere_path(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert repr(named_store(f"file:{path}")) == repr(named_store(str(path))) == f"FileTokenStore({str(path)!r})"


def test_a_relative_path_is_one_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Path.cwd() / "token") in repr(named_store("token"))


def test_the_keyring() -> None:
    assert repr(named_store("keyring:my/service/me")) == "KeyringTokenStore('my/service', 'me')"


@pytest.mark.parametrize("name", ["keyring:", "keyring:service", "keyring:/me", "file:", ""])
def test_what_names_no_store_is_refused(name: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="token_store"):
        named_store(name)
