from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.cli.arguments import CliOptions
from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.login.settings import LoginSettings
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    unconfigured(tmp_path, monkeypatch)
    return tmp_path


def test_what_takes_precedence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "pybayeux.toml"
    options = CliOptions()
    assert LoginSettings(options).get("client_id") is None

    file.write_text('[auth]\nclient_id = "of the file"\n')
    settings = LoginSettings(options)
    assert (settings.get("client_id"), settings.source("client_id")) == ("of the file", str(file))
    assert settings.is_configured("client_id", "of the file")

    monkeypatch.setenv("PYBAYEUX_AUTH_CLIENT_ID", "of the environment")
    settings = LoginSettings(options)
    assert (settings.get("client_id"), settings.source("client_id")) == (
        "of the environment",
        "PYBAYEUX_AUTH_CLIENT_ID",
    )
    assert settings.is_configured("client_id", "of the environment")

    options.set("auth", "client_id", "of -x")
    settings = LoginSettings(options)
    assert (settings.get("client_id"), settings.source("client_id")) == ("of -x", "-x")
    assert not settings.is_configured("client_id", "of -x")  # a client that is started without it has not

    settings = LoginSettings(options, client_id="given")
    assert settings.get("client_id") == "given"
    assert not settings.is_configured("client_id", "given")
    assert LoginSettings(options, client_id=None).get("client_id") == "of -x"


def test_only_the_environment_takes_precedence_over_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pybayeux.toml").write_text('[auth]\nlogin_url = "https://a"\n')
    options = CliOptions()
    options.set("auth", "client_id", "a")
    LoginSettings(options).check_precedence({"login_url": "https://b", "client_id": "b"})
    monkeypatch.setenv("PYBAYEUX_AUTH_LOGIN_URL", "https://b")
    LoginSettings(options).check_precedence({"login_url": "https://b"})
    with pytest.raises(LoginMisconfiguredError, match="PYBAYEUX_AUTH_LOGIN_URL is set to another value"):
        LoginSettings(options).check_precedence({"login_url": "https://c"})
