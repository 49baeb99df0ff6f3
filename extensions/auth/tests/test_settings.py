from __future__ import annotations

import asyncio
import logging
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from extensions.auth.tests.login_server import CLIENT_ID, CLIENT_SECRET, USERNAME, key_pair
from pybayeux_auth import (
    ClientCredentialsFlow,
    Flow,
    JwtBearerFlow,
    LoginMisconfiguredError,
    PasswordFlow,
    RefreshTokenFlow,
    SessionFlow,
    SfCliFlow,
)
from pybayeux_auth.settings import FlowName, FlowSettings

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
MY_DOMAIN = "https://my-org.my.salesforce.com"

COMPLETE: dict[str, tuple[type[Flow], dict[str, Any]]] = {
    "jwt": (
        JwtBearerFlow,
        {"client_id": CLIENT_ID, "username": USERNAME, "private_key": "file:server.key", "login_url": MY_DOMAIN}
        | {"audience": MY_DOMAIN, "scope": "api"},
    ),
    "client_credentials": (
        ClientCredentialsFlow,
        APP | {"login_url": MY_DOMAIN, "scope": "api", "token_endpoint_auth_method": "client_secret_basic"},
    ),
    "refresh_token": (
        RefreshTokenFlow,
        APP | {"refresh_token": "abc", "token_store": "file:token", "login_url": MY_DOMAIN, "scope": "api"}
        | {"token_endpoint_auth_method": "none"},
    ),
    "password": (
        PasswordFlow,
        APP | {"username": USERNAME, "password": "pa55", "security_token": "abc", "login_url": MY_DOMAIN}
        | {"scope": "api", "token_endpoint_auth_method": "none"},
    ),
    "sf": (SfCliFlow, {"org": "my-org"}),
    "session": (SessionFlow, {"session_id": "abc", "server_url": MY_DOMAIN}),
}  # fmt: skip

NEEDED = {
    "jwt": {"client_id", "username", "private_key"},
    "client_credentials": {"login_url", "client_id", "client_secret"},
    "refresh_token": {"client_id"},
    "password": {"client_id", "username", "password"},
    "sf": set(),
    "session": {"session_id", "server_url"},
}


def test_every_flow_and_option_is_tested() -> None:
    assert set(COMPLETE) == set(NEEDED) == set(get_args(FlowName))
    assert {name: kind.name for name, (kind, _) in COMPLETE.items()} == {name: name for name in COMPLETE}
    used = {option for _, options in COMPLETE.values() for option in options}
    assert used | {"flow"} == {each.name for each in fields(FlowSettings)}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_flow_is_created_from_its_options(name: Any, caplog: pytest.LogCaptureFixture) -> None:
    kind, options = COMPLETE[name]
    assert type(FlowSettings(flow=name, **options).make()) is kind
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, needed in NEEDED.items() for option in sorted(needed)]
)
def test_a_missing_option_is_named(name: Any, option: str) -> None:
    options = {each: value for each, value in COMPLETE[name][1].items() if each != option}
    with pytest.raises(LoginMisconfiguredError, match=f"flow '{name}': expected .*; missing: {option}$"):
        FlowSettings(flow=name, **options).make()


@pytest.mark.parametrize("name", COMPLETE)
def test_required_options_are_enough(name: Any) -> None:
    options = {each: value for each, value in COMPLETE[name][1].items() if each in NEEDED[name]}
    if name == "refresh_token":
        options["token_store"] = "keyring:pybayeux/me"
    assert FlowSettings(flow=name, **options).make() is not None


def test_an_unused_option_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        FlowSettings(flow="sf", org="my-org", password="hunter2", username="me").make()
    assert [record.getMessage() for record in caplog.records] == ["flow 'sf' does not use username, password"]


def test_options_without_a_flow_are_an_error() -> None:
    assert FlowSettings().make() is None
    with pytest.raises(
        LoginMisconfiguredError, match='client_id, password: expected an option flow beside it, such as flow = "jwt"'
    ):
        FlowSettings(client_id="a", password="hunter2").make()


def test_references_are_read_at_their_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flow = FlowSettings(flow="jwt", client_id="a", username="b", private_key="file:server.key").make()
    assert flow is not None
    with pytest.raises(LoginMisconfiguredError, match=r"private_key: the file server\.key cannot be read"):
        asyncio.run(flow.credentials())
    (tmp_path / "server.key").write_text(key_pair()[0])
    assert asyncio.run(flow.credentials())


def test_the_repr_hides_secrets() -> None:
    assert "hunter2" not in repr(FlowSettings(flow="password", password="hunter2"))


def _stored_in(name: str) -> str:
    return repr(FlowSettings(flow="refresh_token", client_id="a", token_store=name).make()).partition("store=")[2]


def test_a_token_store_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert _stored_in(f"file:{path}") == _stored_in(str(path)) == f"FileTokenStore({str(path)!r}))"


def test_a_relative_path_of_a_token_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Path.cwd() / "token") in _stored_in("token")


def test_a_token_store_in_the_keyring() -> None:
    assert _stored_in("keyring:my/service/me") == "KeyringTokenStore('my/service', 'me'))"


@pytest.mark.parametrize("name", ["keyring:", "keyring:service", "keyring:/me", "file:", ""])
def test_an_invalid_token_store_is_an_error(name: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="token_store: expected file:PATH or keyring:SERVICE/USER"):
        _stored_in(name)
